"""From the site to the hosting server: enrolment, check-in and upload, every request signed."""
