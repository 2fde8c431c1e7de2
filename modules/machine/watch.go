package machine

import (
	"bytes"
	"io"
	"sync"
	"time"
)

const (
	// watchAfter is how long a program runs before its lines are shown: those of short
	// ones are in their result soon enough.
	watchAfter = 2 * time.Second
	// watchEvery is the least time between two lines; what comes faster is in the result only.
	watchEvery = 100 * time.Millisecond
	// watchWidth is how much of a line is shown.
	watchWidth = 500
)

// watch passes a program's output on, and shows its lines while it runs.
type watch struct {
	io.Writer
	show *shown
	line []byte
}

// shown is when a line was last shown of a program.
type shown struct {
	mu   sync.Mutex
	last time.Time
	tell func(string)
}

// newShown shows lines by tell, from watchAfter on.
func newShown(tell func(string)) *shown {
	return &shown{last: time.Now().Add(watchAfter - watchEvery), tell: tell}
}

// Write takes what the program prints.
func (w *watch) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		head, tail, ended := bytes.Cut(rest, []byte("\n"))
		if room := watchWidth - len(w.line); room > 0 {
			w.line = append(w.line, head[:min(room, len(head))]...)
		}
		rest = tail
		if ended {
			w.show.one(w.line)
			w.line = w.line[:0]
		}
	}
	return w.Writer.Write(p)
}

func (s *shown) one(line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.last) >= watchEvery && len(line) > 0 {
		s.last = now
		s.tell(string(line))
	}
}
