from robot_story import g1, story

__all__ = ["g1", "story"]
