package launch

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sort"
	"strings"
	"sync"

	"github.com/authlatch/authlatch/internal/sanitize"
)

const (
	// maxLogLine bounds one line of a flow's output, in bytes: a stack frame or a
	// JSON record fits, a dump does not.
	maxLogLine = 4 << 10
	// maxLogLines bounds what one launch may write into the host's log: more than
	// a chatty flow, far less than a flood.
	maxLogLines = 1000
)

// output turns what a flow writes, on whichever of its streams, into log
// records: one a line, cleaned, maxLogLines for all streams together.
type output struct {
	log *slog.Logger // nil drops everything

	mu    sync.Mutex
	lines int
	first string // first line on stderr, to explain an early death
}

// writer returns a stream of its own; it is not safe for concurrent use, several
// of them are. Write never fails, so that a flow is never blocked by its log.
func (o *output) writer(stream string) *lineWriter {
	return &lineWriter{out: o, stream: stream}
}

func (o *output) firstLine() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first
}

func (o *output) line(stream string, line []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines++
	if o.lines > maxLogLines+1 {
		return
	}
	level, text := parseLine(line)
	if text == "" {
		return
	}
	if o.first == "" && stream == "stderr" {
		o.first = text
	}
	if o.log == nil {
		return
	}
	if o.lines > maxLogLines {
		level, text = slog.LevelWarn, "the flow writes too much, the rest is dropped"
	}
	o.log.LogAttrs(context.Background(), level, text, slog.String("stream", stream))
}

// spent reports that no further line will be logged.
func (o *output) spent() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lines > maxLogLines
}

// parseLine reads a line as hclog writes it in JSON; every other line is text at
// debug level. What a flow writes here is data: a record of the wrong shape is
// text as well.
func parseLine(line []byte) (slog.Level, string) {
	if len(line) > 0 && line[0] == '{' {
		if level, text, ok := parseRecord(line); ok {
			return level, text
		}
	}
	return slog.LevelDebug, sanitize.Line(string(line), maxLogLine)
}

func parseRecord(line []byte) (slog.Level, string, bool) {
	var record map[string]any
	if json.Unmarshal(line, &record) != nil {
		return 0, "", false
	}
	message, ok := record["@message"].(string)
	if !ok {
		return 0, "", false
	}
	name, _ := record["@level"].(string)
	level, ok := levels[name]
	if !ok {
		level = slog.LevelDebug
	}
	var text strings.Builder
	text.WriteString(message)
	keys := make([]string, 0, len(record))
	for k := range record {
		if !strings.HasPrefix(k, "@") {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	for _, k := range keys {
		value, _ := json.Marshal(record[k])
		text.WriteString(" " + k + "=" + string(value))
	}
	return level, sanitize.Line(text.String(), maxLogLine), true
}

var levels = map[string]slog.Level{
	"trace": slog.LevelDebug - 4,
	"debug": slog.LevelDebug,
	"info":  slog.LevelInfo,
	"warn":  slog.LevelWarn,
	"error": slog.LevelError,
}

// lineWriter cuts a stream into lines of at most maxLogLine bytes; the rest of a
// longer line is dropped, however long it is.
type lineWriter struct {
	out    *output
	stream string
	buf    []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	if w.out.spent() {
		return n, nil
	}
	for len(p) > 0 {
		line, rest, end := bytes.Cut(p, []byte("\n"))
		if room := maxLogLine - len(w.buf); len(line) > room {
			line = line[:room]
		}
		w.buf = append(w.buf, line...)
		if end {
			w.flush()
		}
		p = rest
	}
	return n, nil
}

// flush ends an unfinished line.
func (w *lineWriter) flush() {
	if len(w.buf) > 0 {
		w.out.line(w.stream, w.buf)
		w.buf = w.buf[:0]
	}
}
