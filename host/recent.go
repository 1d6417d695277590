package host

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/authlatch/authlatch/host/store"
)

// recent are the tokens that were handed out last, ready to be handed out again for
// as long as the store still holds them: a program that asks before each of its
// requests need not have each one looked up, read and decrypted.
type recent struct {
	mu   sync.RWMutex
	seed maphash.Seed // of the sums; made with all
	all  map[uint64]*handedOut
	// closed: what comes is not kept.
	closed bool
}

// handedOut is a token and what it was asked for with, letter by letter: another
// spelling of the same request is another one here.
type handedOut struct {
	req   TokenRequest
	entry store.Token
	token *Token
	watch *store.Watch
	at    time.Time
}

const (
	// maxRecent bounds them, and the files that they hold open.
	maxRecent = 64
	// recentLife is after what time the store is asked again in any case, which is
	// how exactly it keeps when a token was used last.
	recentLife = time.Minute
)

// find finds the token for a request; nil if the store must be asked. It allocates
// nothing.
func (r *recent) find(req *TokenRequest, now time.Time) *Token {
	if req.Claims != "" || req.Interaction == Force {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	o := r.all[r.sum(req)]
	if o == nil || !o.asked(req) || !o.good(now) || !o.watch.Current() {
		return nil
	}
	return o.token
}

// put hands a token out, and keeps it if w can watch its entry. It takes w over.
func (r *recent) put(req TokenRequest, t store.Token, w *store.Watch, now time.Time) *Token {
	token := tokenOf(t)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || !w.Current() {
		w.Close()
		return token
	}
	req.Scopes = slices.Clone(req.Scopes) // the caller's to change
	if r.all == nil {
		r.seed, r.all = maphash.MakeSeed(), make(map[uint64]*handedOut)
	}
	sum := r.sum(&req)
	if old := r.all[sum]; old != nil {
		old.watch.Close()
	} else if len(r.all) >= maxRecent {
		for other, o := range r.all { // any: the next call for it is a little slower
			o.watch.Close()
			delete(r.all, other)
			break
		}
	}
	r.all[sum] = &handedOut{req, t, token, w, now}
	return token
}

// close lets all of them go.
func (r *recent) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.all {
		o.watch.Close()
	}
	clear(r.all)
	r.closed = true
}

// good is whether the token may be handed out without another look: one that is
// due has somebody look who renews it, as often as renewAhead wants it.
func (o *handedOut) good(now time.Time) bool {
	life := recentLife
	if o.entry.RefreshDue(now) {
		life = lookPause
	}
	age := now.Sub(o.at)
	return age >= 0 && age < life && o.entry.Fresh(now)
}

// asked is whether req is the same request.
func (o *handedOut) asked(req *TokenRequest) bool {
	p := &o.req
	return p.Tenant == req.Tenant && p.IDToken == req.IDToken && p.TokenType == req.TokenType && p.ReqCnf == req.ReqCnf &&
		p.KeyID == req.KeyID && p.Registry == req.Registry && p.Interaction == req.Interaction && p.Flow == req.Flow && slices.Equal(p.Scopes, req.Scopes)
}

// sum is over what tells most requests apart. r.mu is held.
func (r *recent) sum(req *TokenRequest) uint64 {
	if r.all == nil {
		return 0
	}
	sum := maphash.String(r.seed, req.Tenant) ^ maphash.String(r.seed, req.KeyID)<<1 ^ maphash.String(r.seed, req.Registry)<<2
	for _, s := range req.Scopes {
		sum = sum*31 + maphash.String(r.seed, s)
	}
	return sum
}
