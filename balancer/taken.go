package balancer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values/record"
)

// Taken is the note that a run leaves beside the balancer before it takes a server out,
// and that goes when the server is put back as it was found. A run whose controller died
// leaves it behind, so that the next one knows who took the server out and how it was
// before, and no server stays out unnoticed.
type Taken struct {
	// Found is how the balancer had the server before; empty where it could not be asked.
	Found State     `json:"found"`
	Run   string    `json:"run"`
	Who   string    `json:"who"`
	Since time.Time `json:"since"`
}

// String names the run in messages.
func (t Taken) String() string {
	return fmt.Sprintf("run %s of %s since %s", t.Run, t.Who, t.Since.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// notes is where the notes lie; like the balancer's own runtime state they do not outlive
// the machine.
const notes = "/run/gdeploy/lb"

func notePath(d Driver) string { return path.Join(notes, url.PathEscape(d.Name())+".json") }

// ReadTaken gives the note about a server; ok is false where there is none.
func ReadTaken(sys modules.Reader, d Driver) (t Taken, ok bool, err error) {
	f, err := sys.Open(notePath(d))
	if errors.Is(err, fs.ErrNotExist) {
		return Taken{}, false, nil
	}
	if err != nil {
		return Taken{}, false, fmt.Errorf("see who took %s out: %w", d.Name(), err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return Taken{}, false, fmt.Errorf("see who took %s out: %w", d.Name(), err)
	}
	if err := record.Decode(text, &t); err != nil {
		return Taken{}, false, fmt.Errorf("see who took %s out: %s is damaged: %w; remove it", d.Name(), notePath(d), err)
	}
	return t, true, nil
}

// NoteTaken leaves a note before a server is moved out. One that is there stays, since
// what an earlier run found is how the server shall be.
func NoteTaken(ctx context.Context, sys modules.System, d Driver, to State) error {
	if to == Ready {
		return nil
	}
	now, err := d.Query(ctx, sys)
	if err != nil || !now.Known || now.State == to {
		return err
	}
	if now.Remembered {
		now.State = ""
	}
	if _, there, err := ReadTaken(sys, d); err != nil || there {
		return err
	}
	return modules.Aside(sys, func(sys modules.System) error { return writeNote(sys, d, now.State) })
}

// ForgetTaken removes the note after a server came back to how it was found, or is ready.
func ForgetTaken(sys modules.System, d Driver, now State) error {
	taken, there, err := ReadTaken(sys, d)
	if err != nil || !there || now != Ready && now != taken.Found {
		return err
	}
	return modules.Aside(sys, func(sys modules.System) error { return sys.Remove(notePath(d)) })
}

func writeNote(sys modules.System, d Driver, found State) error {
	run := sys.Run()
	text, err := record.Encode(Taken{Found: found, Run: run.ID, Who: run.Who, Since: sys.Now().UTC()})
	if err != nil {
		return err
	}
	if err := modules.MkdirAll(sys, notes, modules.Attributes{}); err != nil {
		return fmt.Errorf("note who takes %s out: %w", d.Name(), err)
	}
	mode := fs.FileMode(0o644)
	return sys.WriteFile(notePath(d), strings.NewReader(string(text)+"\n"), modules.Attributes{Mode: &mode})
}
