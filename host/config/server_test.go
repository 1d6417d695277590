package config

import (
	"testing"
)

func TestCheckServer(t *testing.T) {
	s := Settings{Servers: []string{"https://K8s.example:443/", "https://*.azmk8s.io", "https://p.example:6443/base"}}
	for server, ok := range map[string]bool{
		"https://k8s.example": true, "https://k8s.example:443": true, "https://k8s.example:6443": false, "http://k8s.example": false,
		"https://a.b.azmk8s.io:443": true, "https://azmk8s.io": false, "https://evilazmk8s.io": false, "https://azmk8s.io.evil.example": false,
		"https://evil.example/x.azmk8s.io": false, "https://u@k8s.example": false, "https://k8s.example.": false,
		"https://p.example:6443/base/": true, "https://p.example:6443": false, "https://*.azmk8s.io": false, "": false,
	} {
		if err := s.CheckServer(server); (err == nil) != ok {
			t.Errorf("%q: %v", server, err)
		}
	}
	if err := (Settings{}).CheckServer("anything"); err != nil {
		t.Error(err)
	}
}
