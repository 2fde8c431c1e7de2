package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/gdeploy/gdeploy/values"
)

// warning tells the operator something about a place. It may be called from any goroutine.
type warning func(values.Position, string)

// nothingSecret leaves a text as it is.
func nothingSecret(text string) string { return text }

// warnTo writes each warning once, as mask leaves it.
func warnTo(out io.Writer, mask func(string) string) warning {
	var mu sync.Mutex
	told := map[string]bool{}
	return func(pos values.Position, text string) {
		if at := pos.String(); at != "" {
			text = at + ": " + text
		}
		text = mask(text)
		mu.Lock()
		defer mu.Unlock()
		if !told[text] {
			told[text] = true
			fmt.Fprintln(out, "[WARNING]: "+text)
		}
	}
}
