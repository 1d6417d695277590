package prompt

import (
	"context"
	"fmt"
	"sync"

	"github.com/authlatch/authlatch/host"
)

// Step is one interaction that a test expects, and its answer.
type Step struct {
	// Kind is a value of the expected type; its fields do not matter.
	Kind   host.Kind
	Answer host.Answer
	// Err, if set, is returned instead: the person cancels.
	Err error
	// Do, if set, is called first, with the interaction as it came.
	Do func(context.Context, host.Interaction)
}

// Scripted answers interactions by its steps, in order. Every other one is an
// error, so that a test fails on a prompt that it does not expect; notices that
// it does not expect are Done. It is safe for concurrent use.
type Scripted struct {
	mu    sync.Mutex
	steps []Step
	seen  []host.Interaction
}

// NewScripted makes a Scripted.
func NewScripted(steps ...Step) *Scripted { return &Scripted{steps: steps} }

// Prompt plays the next step.
func (s *Scripted) Prompt(ctx context.Context, i host.Interaction) (host.Answer, error) {
	s.mu.Lock()
	s.seen = append(s.seen, i)
	step, err := s.next(i.Kind)
	s.mu.Unlock()
	if err != nil {
		return host.Answer{}, err
	}
	if step.Do != nil {
		step.Do(ctx, i)
	}
	return step.Answer, step.Err
}

func (s *Scripted) next(k host.Kind) (Step, error) {
	expected := len(s.steps) > 0 && fmt.Sprintf("%T", s.steps[0].Kind) == fmt.Sprintf("%T", k)
	if _, ok := k.(host.Notice); ok && !expected {
		return Step{Answer: done}, nil
	}
	if !expected {
		return Step{}, fmt.Errorf("unexpected prompt %T", k)
	}
	step := s.steps[0]
	s.steps = s.steps[1:]
	return step, nil
}

// Seen returns every interaction so far.
func (s *Scripted) Seen() []host.Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]host.Interaction(nil), s.seen...)
}

// Left returns how many steps have not been played.
func (s *Scripted) Left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.steps)
}
