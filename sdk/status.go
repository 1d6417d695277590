package sdk

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// maxMessage bounds the text of a status, in characters: it is one sentence, and
// the host shows no more.
const maxMessage = 1000

// validReason reports whether s is a code of OAuth in upper snake case, as the
// host takes it.
func validReason(s string) bool {
	const rest = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
	return s != "" && len(s) <= 64 && s[0] >= 'A' && s[0] <= 'Z' && strings.Trim(s, rest) == ""
}

// reasonCodes gives each reason the gRPC code that fits it, for those who read
// logs and traces; a host goes by the reason alone. A reason that is not here is
// Unknown.
var reasonCodes = map[string]codes.Code{
	flowv1.ReasonInteractionRequired:    codes.Unauthenticated,
	flowv1.ReasonAccessDenied:           codes.PermissionDenied,
	flowv1.ReasonExpiredToken:           codes.Aborted,
	flowv1.ReasonInvalidGrant:           codes.Unauthenticated,
	flowv1.ReasonConsentRequired:        codes.PermissionDenied,
	flowv1.ReasonMFARequired:            codes.Unauthenticated,
	flowv1.ReasonDeviceRequired:         codes.PermissionDenied,
	flowv1.ReasonTemporarilyUnavailable: codes.Unavailable,
	flowv1.ReasonInvalidClient:          codes.Unauthenticated,
	flowv1.ReasonInvalidScope:           codes.InvalidArgument,
	flowv1.ReasonInvalidRequest:         codes.InvalidArgument,
	flowv1.ReasonFlowUnavailable:        codes.FailedPrecondition,
}

// statusOf turns what a flow returns into the status that ends the stream:
//
//   - an *Error anywhere in err gives its own reason and message;
//   - ErrDeclined gives ACCESS_DENIED, ErrUnavailable and ErrUnsupported give
//     FLOW_UNAVAILABLE;
//   - a context's error gives Canceled or DeadlineExceeded, without a reason;
//   - everything else is the plugin's failure: a status without a reason, with
//     err's text, which therefore must hold no secret.
func statusOf(err error) error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return errorStatus(e)
	case errors.Is(err, ErrDeclined):
		return errorStatus(&Error{Reason: flowv1.ReasonAccessDenied, Message: err.Error()})
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrUnsupported):
		return errorStatus(&Error{Reason: flowv1.ReasonFlowUnavailable, Message: err.Error()})
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "the request was cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "the request took too long")
	}
	if st, ok := status.FromError(err); ok {
		return status.Error(st.Code(), sanitize.Line(st.Message(), maxMessage))
	}
	return status.Error(codes.Unknown, sanitize.Line(err.Error(), maxMessage))
}

// errorStatus is the status with one ErrorInfo.
func errorStatus(e *Error) error {
	if !validReason(e.Reason) {
		return status.Errorf(codes.Internal, "the flow failed with the malformed reason %q", sanitize.Line(e.Reason, 80))
	}
	code, ok := reasonCodes[e.Reason]
	if !ok {
		code = codes.Unknown
	}
	metadata := make(map[string]string)
	for key, value := range map[string]string{
		flowv1.MetadataSuberror:      e.Suberror,
		flowv1.MetadataClaims:        e.Claims,
		flowv1.MetadataCorrelationID: e.CorrelationID,
		flowv1.MetadataTraceID:       e.TraceID,
	} {
		if value != "" {
			metadata[key] = value
		}
	}
	if e.AADSTS != 0 {
		metadata[flowv1.MetadataAADSTS] = strconv.Itoa(e.AADSTS)
	}
	if e.RetryAfter > 0 {
		metadata[flowv1.MetadataRetryAfter] = strconv.FormatInt(seconds(e.RetryAfter), 10)
	}
	st, err := status.New(code, sanitize.Line(e.Error(), maxMessage)).WithDetails(&errdetails.ErrorInfo{
		Domain:   flowv1.ErrorDomain,
		Reason:   e.Reason,
		Metadata: metadata,
	})
	if err != nil {
		return status.Error(codes.Internal, fmt.Sprintf("the flow failed with %s, which cannot be sent", e.Reason))
	}
	return st.Err()
}
