# Sourced by the set-up scripts: what they say, so that no minute of theirs is silent.

say() { printf 'setup: %s\n' "$*" >&2; }

narrate() { # pip's lines on stdin: say what is fetched, and after ten silent seconds that it goes on
    local line began=$SECONDS
    while true; do
        if IFS= read -r -t "${SETUP_HEARTBEAT:-10}" line; then
            case $line in
            Collecting* | Processing*) set -- $line && say "  fetching ${2##*/}" ;;
            *Building* | *Preparing* | Installing*) set -- ${line%%:*} && say "  $* ..." ;;
            esac
        elif [ $? -gt 128 ]; then
            say "  still at it, $((SECONDS - began)) s"
        else
            return 0
        fi
    done
}
