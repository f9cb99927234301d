"""The sandbox's page: files served as they are at `/` and `/static/`. No build step and nothing from elsewhere."""
