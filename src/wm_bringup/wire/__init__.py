"""What goes over DDS: topics, messages as bytes, and the codecs of our own content."""
