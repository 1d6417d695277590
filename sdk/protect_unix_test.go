//go:build unix && !linux

package sdk_test

import "fmt"

const wantProtection = "core limit 0"

func selfProtection() string { return fmt.Sprintf("core limit %d", coreLimit()) }
