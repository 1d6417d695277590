package launch

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

const (
	// maxMessage bounds a flow's own words in an error, in characters: Entra ID's
	// longest descriptions are about 600.
	maxMessage = 1000
	// maxIdentifier bounds ids and codes; a GUID has 36 characters.
	maxIdentifier = 200
	// maxClaims bounds a claims request, in bytes; those of Entra ID have a few
	// hundred.
	maxClaims = 16 << 10
	// maxRetryAfter bounds what a flow may ask the host to wait.
	maxRetryAfter = 24 * time.Hour
	// deathTimeout is how long after a lost connection the process's end is
	// waited for, to say how it ended.
	deathTimeout = 500 * time.Millisecond
)

// callError turns the error of a call into what Describe and GetToken return.
// ctx is the caller's; doing says what the flow was asked to do.
func (s *session) callError(ctx context.Context, err error, doing string) error {
	st := status.Convert(err)
	infos := errorInfos(st)
	switch {
	case len(infos) == 1:
		return s.flowError(st, infos[0])
	case len(infos) > 1:
		return s.fault(err, "sent a status with %d reasons", len(infos))
	}
	s.awaitDeadline(ctx, st.Code())
	if ctx.Err() != nil {
		return fmt.Errorf("flow %s: %w", s.name, ctx.Err())
	}
	if st.Code() == codes.Unavailable {
		select {
		case <-s.process.gone:
			return s.fault(err, "died while it was asked %s (%s)", doing, s.process.exitText())
		case <-time.After(deathTimeout):
		}
	}
	return s.fault(err, "failed without a reason when asked %s (%v): %s", doing, st.Code(), st.Message())
}

// awaitDeadline lets the caller's deadline, which the flow knows too, be noticed
// here as well if the flow was the first to notice it.
func (s *session) awaitDeadline(ctx context.Context, code codes.Code) {
	if deadline, ok := ctx.Deadline(); ok && code == codes.DeadlineExceeded && time.Until(deadline) < time.Second {
		<-ctx.Done()
	}
}

func errorInfos(st *status.Status) []*errdetails.ErrorInfo {
	var infos []*errdetails.ErrorInfo
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetDomain() == flowv1.ErrorDomain {
			infos = append(infos, info)
		}
	}
	return infos
}

// flowError reads the flow's reason. Metadata that cannot be read is left out:
// the reason alone decides what happens next.
func (s *session) flowError(st *status.Status, info *errdetails.ErrorInfo) error {
	if !isReason(info.GetReason()) {
		return s.fault(st.Err(), "gave the malformed reason %q", sanitize.Line(info.GetReason(), 80))
	}
	m := info.GetMetadata()
	e := &FlowError{
		Flow:          s.name,
		Reason:        info.GetReason(),
		Message:       sanitize.Line(st.Message(), maxMessage),
		Suberror:      sanitize.Line(m[flowv1.MetadataSuberror], maxIdentifier),
		CorrelationID: sanitize.Line(m[flowv1.MetadataCorrelationID], maxIdentifier),
		TraceID:       sanitize.Line(m[flowv1.MetadataTraceID], maxIdentifier),
	}
	if n, err := strconv.ParseUint(m[flowv1.MetadataAADSTS], 10, 31); err == nil {
		e.AADSTS = int(n)
	}
	if claims := m[flowv1.MetadataClaims]; len(claims) <= maxClaims && json.Valid([]byte(claims)) {
		e.Claims = claims
	}
	if n, err := strconv.ParseUint(m[flowv1.MetadataRetryAfter], 10, 31); err == nil {
		e.RetryAfter = min(time.Duration(n)*time.Second, maxRetryAfter)
	}
	return e
}
