//go:build unix

package launch_test

import (
	"testing"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// receiver is an Interactor that is handed its token early.
type receiver struct {
	interactor
	got []*flowv1.Token
}

func (r *receiver) Receive(t *flowv1.Token) { r.got = append(r.got, t) }

// A token is handed over once, before GetToken returns it; one that GetToken does
// not return is not handed over.
func TestReceiver(t *testing.T) {
	r := newRig(t)
	in := &receiver{interactor: says("1")}
	token, err := r.get(limit(t), "good", in)
	if err != nil || len(in.got) != 1 || in.got[0] != token {
		t.Errorf("got %d tokens, %v", len(in.got), err)
	}
	in = &receiver{interactor: says("1")}
	if _, err := r.get(limit(t), "empty-token", in); err == nil || len(in.got) != 0 {
		t.Errorf("a flow that breaks the rules: %d tokens, %v", len(in.got), err)
	}
}
