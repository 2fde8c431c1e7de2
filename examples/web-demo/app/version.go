package main

// What this source calls itself, and whether it works. make-repos writes another pair into each tag.
const (
	source  = "v1"
	healthy = true
)
