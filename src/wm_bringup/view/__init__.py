"""What is seen of a robot that walks or walked: scenes, timelines, and the page that shows them."""
