//go:build unix

package main

const canPeak = true
