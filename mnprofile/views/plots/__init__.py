"""One definition per plot."""
