// Command peak runs a program, drops what it prints, and prints the most memory
// that it had, in bytes. "make bench" runs it.
package main
