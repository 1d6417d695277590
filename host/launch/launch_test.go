//go:build unix

package launch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

func TestGetToken(t *testing.T) {
	r := newRig(t)
	var kinds []string
	in := interactor(func(ctx context.Context, i *flowv1.Interaction) (flowv1.Outcome, string, error) {
		kinds = append(kinds, string(i.ProtoReflect().WhichOneof(i.ProtoReflect().Descriptor().Oneofs().Get(0)).Name()))
		return says("123456")(ctx, i)
	})
	got, err := r.get(limit(t), "good", in)
	if err != nil {
		t.Fatal(err)
	}
	if got.GetSecret() != "token-123456" || string(got.GetState()) != "state" {
		t.Errorf("token %v, state %q", got.GetSecret(), got.GetState())
	}
	if have, want := strings.Join(kinds, " "), "notice open_url input"; have != want {
		t.Errorf("interactions %q, want %q", have, want)
	}
	if len(r.pids) != 1 || r.pids[0] == os.Getpid() {
		t.Errorf("processes %v", r.pids)
	}
}

func TestGetTokenSilently(t *testing.T) {
	r := newRig(t)
	s := start()
	s.InteractionMode = flowv1.InteractionMode_INTERACTION_MODE_NEVER
	got, err := r.GetToken(limit(t), launch.Binary{Name: "good", Path: r.self}, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.GetSecret() != "silent-s3cret" {
		t.Errorf("token %q", got.GetSecret())
	}
	if s.GetHostPid() != 0 {
		t.Error("the caller's start was changed")
	}
}

func TestDescribe(t *testing.T) {
	r := newRig(t)
	d, err := r.Describe(limit(t), launch.Binary{Name: "good", Path: r.self})
	if err != nil {
		t.Fatal(err)
	}
	if d.GetVersion() != "1.2.3" || len(d.GetOptions()) != 1 || d.GetOptions()[0].GetKind() != flowv1.OptionKind_OPTION_KIND_INTEGER {
		t.Errorf("description %v", d)
	}
}

func TestAutoMTLS(t *testing.T) {
	r := newRig(t)
	r.AutoMTLS = true
	if _, err := r.get(limit(t), "good", says("1")); err != nil {
		t.Fatal(err)
	}
	_, err := r.get(limit(t), "plain", nil)
	wantPluginError(t, err, "sent no certificate")
}

// A flow without go-plugin's services and without the SDK works.
func TestPlainFlow(t *testing.T) {
	r := newRig(t)
	if _, err := r.get(limit(t), "plain", nil); err != nil {
		t.Fatal(err)
	}
}

func TestManyAtOnce(t *testing.T) {
	r := newRig(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 3 {
				if _, err := r.get(limit(t), "good", says("1")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// A directory that somebody else made in a shared place is not used.
func TestTakenDirectory(t *testing.T) {
	r := newRig(t)
	taken := filepath.Join(r.TempDir, "authlatch-"+strconv.Itoa(os.Geteuid()))
	if err := errors.Join(os.Mkdir(taken, 0o700), os.Chmod(taken, 0o777)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.get(limit(t), "good", says("1")); err != nil {
		t.Fatal(err)
	}
	left, _ := os.ReadDir(r.TempDir)
	if len(left) != 1 {
		t.Errorf("%v are left", left)
	}
}

func TestUnknownThingsAreTolerated(t *testing.T) {
	r := newRig(t)
	got, err := r.get(limit(t), "grease", says(""))
	if err != nil {
		t.Fatal(err)
	}
	if want := "OUTCOME_UNSUPPORTED"; got.GetSecret() != want {
		t.Errorf("an unknown kind got %s, want %s", got.GetSecret(), want)
	}
}

func TestWithoutInteractor(t *testing.T) {
	r := newRig(t)
	_, err := r.get(limit(t), "good", nil)
	var flow *launch.FlowError
	if !errors.As(err, &flow) || flow.Reason != flowv1.ReasonFlowUnavailable {
		t.Errorf("got %v, want FLOW_UNAVAILABLE", err)
	}
}
