package release

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values/record"
)

// Hold is what keeps deploys of an application off a host until somebody lifts it: a file,
// which outlives runs and reboots.
type Hold struct {
	Who    string    `json:"who"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
	Run    string    `json:"run"`
}

// String names who set the hold, when and why.
func (h Hold) String() string {
	return fmt.Sprintf("%s since %s (%s)", h.Who, h.Since.UTC().Format("2006-01-02 15:04:05 UTC"), h.Reason)
}

// Hold is the file of the application's hold.
func (l Layout) Hold() string { return path.Join(l.State, "hold") }

// ReadHold reads the hold in a file; ok is false where there is none.
func ReadHold(sys modules.Reader, file string) (h Hold, ok bool, err error) {
	data, err := readFile(sys, file)
	if errors.Is(err, fs.ErrNotExist) {
		return Hold{}, false, nil
	}
	if err != nil {
		return Hold{}, false, fmt.Errorf("read the hold: %w", err)
	}
	if err := record.Decode(data, &h); err != nil { // somebody wrote it by hand, and meant it
		h = Hold{Who: "somebody", Reason: string(bytes.TrimSpace(data))}
	}
	return h, true, nil
}

// PutOnHold sets the hold. One that is there stays, with its reason: whoever set it is the
// one to ask.
func PutOnHold(sys modules.System, file, reason string) (Hold, error) {
	if h, there, err := ReadHold(sys, file); err != nil || there {
		return h, err
	}
	run := sys.Run()
	h := Hold{Who: run.Who, Since: sys.Now().UTC().Truncate(time.Second), Reason: reason, Run: run.ID}
	data, err := record.Encode(h)
	if err != nil {
		return h, err
	}
	if err := makeDirs(sys, path.Dir(file), modules.Attributes{}); err != nil {
		return h, fmt.Errorf("make the directory of the hold: %w", err)
	}
	mode := fs.FileMode(0o644)
	if err := sys.WriteFile(file, bytes.NewReader(append(data, '\n')), modules.Attributes{Mode: &mode}); err != nil {
		return h, fmt.Errorf("write the hold: %w", err)
	}
	return h, nil
}

// checkHold fails with modules.KindLocked where there is a hold.
func checkHold(sys modules.Reader, file string) error {
	if file == "" {
		return nil
	}
	h, there, err := ReadHold(sys, file)
	if err != nil || !there {
		return err
	}
	return modules.WithKind(modules.KindLocked, fmt.Errorf("deploys are on hold here by %s: gdeploy unlock lifts it", h))
}
