package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// control is the HTTP form of the Go controls, for a server in another process.
// It is open to whoever reaches the address, which is why that is a loopback
// one; a web page in a browser is refused, since it would send an Origin.
func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		answer(w, http.StatusForbidden, map[string]string{"error": "not for web pages"})
		return
	}
	body, err := s.controlled(r)
	switch {
	case errors.Is(err, errNoControl):
		answer(w, http.StatusNotFound, map[string]string{"error": err.Error()})
	case errors.Is(err, errNoUser):
		answer(w, http.StatusNotFound, map[string]string{"error": err.Error()})
	case err != nil:
		answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
	default:
		answer(w, http.StatusOK, body)
	}
}

var errNoControl = errors.New("no such control")

type ok struct {
	OK bool `json:"ok"`
}

func (s *Server) controlled(r *http.Request) (any, error) {
	path := strings.TrimPrefix(r.URL.Path, "/_emulator/")
	if rest, found := strings.CutPrefix(path, "users/"); found {
		return s.controlUser(r, rest)
	}
	switch r.Method + " " + path {
	case "GET counters":
		return s.Counters(), nil
	case "GET requests":
		return s.Requests(), nil
	case "GET codes":
		return s.UserCodes(), nil
	case "GET users":
		return s.listUsers(), nil
	case "POST faults":
		var f Fault
		if err := decode(r, &f); err != nil {
			return nil, err
		}
		return ok{true}, s.addFault(f)
	case "DELETE faults":
		s.ClearFaults()
		return ok{true}, nil
	case "POST reset":
		s.ClearFaults()
		s.ResetCounters()
		return ok{true}, nil
	}
	return nil, fmt.Errorf("%w: %s %s", errNoControl, r.Method, r.URL.Path)
}

// controlUser is users/{username} and users/{username}/{verb}.
func (s *Server) controlUser(r *http.Request, path string) (any, error) {
	username, verb, _ := strings.Cut(path, "/")
	var body struct {
		Password string `json:"password"`
		Claims   string `json:"claims"`
	}
	var err error
	switch r.Method + " " + verb {
	case "PUT ":
		u := User{Username: username}
		if err = decode(r, &u); err == nil && !strings.EqualFold(u.Username, username) {
			err = errors.New("the username differs from the path's")
		}
		if err == nil {
			err = s.SetUser(u)
		}
	case "DELETE ":
		err = s.RemoveUser(username)
	case "POST revoke":
		err = s.RevokeSessions(username)
	case "POST reject":
		err = s.RejectAccessTokens(username)
	case "POST password":
		if err = decode(r, &body); err == nil {
			err = s.PasswordChanged(username, body.Password)
		}
	case "POST claims":
		if err = decode(r, &body); err == nil {
			err = s.RequireClaims(username, body.Claims)
		}
	case "DELETE claims":
		err = s.RequireClaims(username, "")
	default:
		err = fmt.Errorf("%w: %s %s", errNoControl, r.Method, r.URL.Path)
	}
	return ok{true}, err
}

// listUsers shows the directory without passwords.
func (s *Server) listUsers() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := make([]User, 0, len(s.users))
	for _, m := range s.users {
		u := m.User
		u.Password = ""
		users = append(users, u)
	}
	return users
}

func decode(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("the body is not the JSON that is wanted: %w", err)
	}
	return nil
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body) // only the client's absence makes it fail
}

// faultJSON is a Fault whose delay is a duration such as "1.5s".
type faultJSON struct {
	faultFields
	Delay string `json:"delay,omitempty"`
}

type faultFields Fault

// UnmarshalJSON reads a fault; unknown members are an error.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var wire faultJSON
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wire); err != nil {
		return err
	}
	*f = Fault(wire.faultFields)
	if wire.Delay != "" {
		delay, err := time.ParseDuration(wire.Delay)
		if err != nil {
			return fmt.Errorf("delay: %w", err)
		}
		f.Delay = delay
	}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (f Fault) MarshalJSON() ([]byte, error) {
	wire := faultJSON{faultFields: faultFields(f)}
	if f.Delay > 0 {
		wire.Delay = f.Delay.String()
	}
	return json.Marshal(wire)
}
