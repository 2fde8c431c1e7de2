package transport

import (
	"bytes"
	"context"
	_ "embed" // for the script
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/transport/wire"
)

//go:embed bootstrap.sh
var bootstrapScript string

// uploadTime is how long an upload of the helper may take.
const uploadTime = 10 * time.Minute

// defaultDirs are where the helper is kept, in the order in which they are tried.
var defaultDirs = []string{"~/.cache/gdeploy", "/var/tmp/gdeploy-${UID}", "/dev/shm/gdeploy-${UID}", "/tmp/gdeploy-${UID}"}

// machines gives what uname -sm says on the platforms that helpers are made for.
var machines = map[string]string{
	"amd64": `"Linux x86_64"|"Linux amd64"`,
	"arm64": `"Linux aarch64"|"Linux arm64"`,
}

// bootstrap brings the helper to a host by one command and starts it.
type bootstrap struct {
	start    func(command string) (*channel, error)
	dirs     []string
	programs map[string]Program // by GOARCH
}

// run gives the channel behind the helper's Hello. Where nothing comes of a helper that
// is already there, it may be broken, and is sent anew.
func (b bootstrap) run(ctx context.Context) (*channel, wire.Hello, error) {
	ch, hello, spoke, err := b.attempt(ctx, false)
	if err != nil && !spoke && ctx.Err() == nil {
		ch, hello, _, err = b.attempt(ctx, true)
	}
	return ch, hello, err
}

// attempt runs the script once; spoke tells whether it got to say anything.
func (b bootstrap) attempt(ctx context.Context, force bool) (ch *channel, hello wire.Hello, spoke bool, err error) {
	command, err := b.command(force)
	if err != nil {
		return nil, hello, true, err
	}
	ch, err = b.start(command)
	if err != nil {
		return nil, hello, true, err
	}
	hello, spoke, err = b.talk(newGreeting(ctx, ch))
	if err != nil {
		ch.end()
		return nil, hello, spoke, err
	}
	return ch, hello, true, nil
}

// talk answers the script until the helper greets.
func (b bootstrap) talk(g *greeting) (hello wire.Hello, spoke bool, err error) {
	var skipped []string
	for {
		word, hello, err := g.Next()
		switch {
		case err != nil:
			return wire.Hello{}, spoke, g.explain(withReasons(err, skipped))
		case hello != nil:
			return *hello, true, g.finish()
		}
		spoke = true
		kind, text, _ := strings.Cut(word, " ")
		switch kind {
		case "SKIP":
			skipped = append(skipped, text)
		case "SEND":
			err = b.send(g, text)
		case "PLATFORM":
			err = fmt.Errorf("there is no helper for %q, only for %s", text, strings.Join(b.platforms(), ", "))
		default:
			err = errors.New(text)
		}
		if err != nil {
			return wire.Hello{}, true, withReasons(err, skipped)
		}
	}
}

func withReasons(err error, skipped []string) error {
	if len(skipped) == 0 {
		return err
	}
	return fmt.Errorf("%w (%s)", err, strings.Join(skipped, "; "))
}

func (b bootstrap) platforms() []string {
	var names []string
	for arch := range b.programs {
		names = append(names, "linux/"+arch)
	}
	slices.Sort(names)
	return names
}

// send gives the script what it asked for: "gz ARCH DIR" or "raw ARCH DIR".
func (b bootstrap) send(g *greeting, request string) error {
	kind, rest, _ := strings.Cut(request, " ")
	arch, _, _ := strings.Cut(rest, " ")
	var reader io.Reader = bytes.NewReader(b.programs[arch].Gzip)
	if kind == "raw" {
		unpacked, err := b.programs[arch].Open()
		if err != nil {
			return err
		}
		reader = unpacked
	}
	g.patience(uploadTime)
	if _, err := io.Copy(g.channel.Writer, reader); err != nil {
		return g.explain(fmt.Errorf("send the helper: %w", err))
	}
	g.patience(startTimeout)
	return nil
}

// command is the script as one line for any login shell.
func (b bootstrap) command(force bool) (string, error) {
	var cases []string
	for _, arch := range slices.Sorted(maps.Keys(b.programs)) {
		p := b.programs[arch]
		cases = append(cases, fmt.Sprintf("%s) a=%s; s=%s; gz=%d; raw=%d ;;", machines[arch], arch, p.SHA256, len(p.Gzip), p.Size))
	}
	var dirs []string
	for _, dir := range append(slices.Clone(b.dirs), defaultDirs...) {
		quoted, err := quoteDir(dir)
		if err != nil {
			return "", err
		}
		dirs = append(dirs, quoted)
	}
	steps := "try take"
	if force {
		steps = "take"
	}
	script := oneLine(bootstrapScript)
	script = strings.NewReplacer("@CASES@;", strings.Join(cases, " "), "@STEPS@", steps, "@DIRS@", strings.Join(dirs, " ")).Replace(script)
	return "exec sh -c '" + script + "'", nil
}

// quoteDir writes a directory for the script. Quotes of any kind are refused.
func quoteDir(dir string) (string, error) {
	name := strings.ReplaceAll(dir, "${UID}", "")
	if strings.ContainsAny(name, "'\"\\`$!\n\x00") || !(strings.HasPrefix(dir, "/") || strings.HasPrefix(dir, "~/")) {
		return "", fmt.Errorf("helper directory %q: it must begin with / or ~/ and hold no quotes", dir)
	}
	if rest, ok := strings.CutPrefix(dir, "~"); ok {
		dir = "${HOME:-/nonexistent}" + rest
	}
	return `"` + strings.ReplaceAll(dir, "${UID}", "$u") + `"`, nil
}

// oneLine joins the lines of a script; a line that a shell would take for unfinished gets
// no semicolon.
func oneLine(script string) string {
	var out strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		out.WriteString(line)
		if !unfinished(line) {
			out.WriteByte(';')
		}
		out.WriteByte(' ')
	}
	return out.String()
}

func unfinished(line string) bool {
	for _, end := range []string{"{", " in", "do", "then", "else", ";;", "&&", "||"} {
		if strings.HasSuffix(line, end) {
			return true
		}
	}
	return false
}
