package launch

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// readStdout sends the first line to first and drains the rest into the log. A
// line that does not end within maxHandshakeLine counts as one line; first is
// closed without a line if there is none.
func (p *process) readStdout(r io.Reader, first chan<- string) {
	b := bufio.NewReaderSize(r, maxHandshakeLine)
	line, err := b.ReadSlice('\n')
	if err == nil || errors.Is(err, bufio.ErrBufferFull) || len(line) > 0 {
		first <- strings.TrimRight(string(line), "\r\n")
	}
	close(first)
	if err == nil || errors.Is(err, bufio.ErrBufferFull) {
		drain(b, p.out.writer("stdout"))
	}
}

// drain reads r to its end, so that the flow never blocks on a full pipe.
func drain(r io.Reader, w *lineWriter) {
	_, _ = io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, make([]byte, 32<<10))
	w.flush()
}
