"""FMO bot: the delivery assistant of joint teams that span two companies."""
