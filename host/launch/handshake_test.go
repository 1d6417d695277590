package launch

import (
	"strings"
	"testing"
)

func TestCheckHandshake(t *testing.T) {
	if transport != "unix" {
		t.Skip("addresses of Unix sockets")
	}
	const dir = "/tmp/authlatch-0/1"
	for _, c := range []struct {
		name, line string
		mtls       bool
		want       string // in the error; "" for none
	}{
		{"good", "1|1|unix|" + dir + "/s|grpc", false, ""},
		{"empty certificate", "1|1|unix|" + dir + "/s|grpc|", false, ""},
		{"more fields", "1|1|unix|" + dir + "/s|grpc||true", false, ""},
		{"certificate", "1|1|unix|" + dir + "/s|grpc|MIIB", true, ""},
		{"certificate not asked for", "1|1|unix|" + dir + "/s|grpc|MIIB", false, "nobody asked"},
		{"no certificate", "1|1|unix|" + dir + "/s|grpc", true, "no certificate"},
		{"empty", "", false, "where its handshake should be"},
		{"too few fields", "1|1|unix|" + dir + "/s", false, "where its handshake should be"},
		{"old protocol", "1|1|unix|" + dir + "/s|netrpc", false, "not grpc"},
		{"other version", "1|2|unix|" + dir + "/s|grpc", false, "protocol version"},
		{"version with a sign", "1|+1|unix|" + dir + "/s|grpc", false, "protocol version"},
		{"TCP", "1|1|tcp|127.0.0.1:80|grpc", false, "another network"},
		{"beside the directory", "1|1|unix|/tmp/authlatch-0/2/s|grpc", false, "outside"},
		{"below the directory", "1|1|unix|" + dir + "/a/s|grpc", false, "outside"},
		{"the directory", "1|1|unix|" + dir + "|grpc", false, "outside"},
		{"climbing", "1|1|unix|" + dir + "/x/../s|grpc", false, "outside"},
		{"relative", "1|1|unix|s|grpc", false, "outside"},
		{"abstract", "1|1|unix|@s|grpc", false, "outside"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := checkHandshake(c.line, dir, c.mtls)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzCheckHandshake(f *testing.F) {
	for _, s := range []string{"1|1|unix|/d/s|grpc", "1|1|unix|/d/s|grpc|MIIB|true", "", "|||||", "1|1|tcp|127.0.0.1:1|grpc", "\x1b[31m|\u202e|\xff"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, line string, mtls bool) {
		err := checkHandshake(line, "/d", mtls)
		if err != nil {
			if !oneCleanLine(err.Error()) {
				t.Errorf("not one clean line: %q", err)
			}
			return
		}
		// What go-plugin will read in it is what was asked for.
		f := append(strings.Split(line, "|"), "")
		if f[0] != "1" || f[1] != "1" || f[2] != transport || f[4] != "grpc" || (f[5] != "") != mtls {
			t.Errorf("let through %q, mutual TLS: %v", line, mtls)
		}
		if name, ok := strings.CutPrefix(f[3], "/d/"); transport == "unix" && (!ok || name == "" || strings.Contains(name, "/") || name == "..") {
			t.Errorf("let through the socket %q", f[3])
		}
	})
}
