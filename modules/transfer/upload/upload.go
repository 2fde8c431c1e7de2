// Package upload brings a large file to a host so that a transfer that breaks off goes on
// where it stopped.
package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// Sent tells what a transfer took.
type Sent struct {
	// Bytes that travelled; ResumedAt is how many were there from a transfer before.
	Bytes, ResumedAt int64
}

// Send puts blob at dest. Until it is complete it lies beside it, in a file named after
// its hash; then it is renamed.
func Send(ctx context.Context, sys modules.System, blob modules.Blob, dest string, owner modules.Ownership) (Sent, error) {
	before, err := sys.Lstat(dest)
	exists := err == nil
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return Sent{}, err
	case exists && before.Mode.IsDir():
		return Sent{}, fmt.Errorf("%s is a directory", dest)
	case exists && before.Mode.IsRegular() && before.Size == blob.Size:
		if sum, err := modules.Checksum(sys, dest, "sha256"); err == nil && sum == blob.SHA256 {
			return Sent{}, sys.SetAttributes(dest, owner.Attributes(before.Mode, false))
		}
	}
	if dir, err := sys.Stat(path.Dir(dest)); err != nil || !dir.Mode.IsDir() {
		return Sent{}, fmt.Errorf("the directory %s does not exist on this host", path.Dir(dest))
	}
	t := transfer{ctx: ctx, blob: blob, dest: dest, part: partName(dest, blob), attrs: attributes(before, owner)}
	if err := t.checkSpace(sys); err != nil {
		return Sent{}, err
	}
	change := modules.Change{Action: "write", Path: dest, After: fmt.Sprintf("sha256:%s %d bytes", blob.SHA256, blob.Size)}
	if exists {
		change.Before = fmt.Sprintf("%d bytes", before.Size)
	}
	err = modules.Apply(sys, change, t.run)
	return t.sent, err
}

// attributes are what the parameters say and, where they are silent, those of the file
// that is replaced.
func attributes(before modules.Stat, owner modules.Ownership) modules.Attributes {
	attrs := owner.Attributes(before.Mode, false)
	replaces := before.Path != "" && before.Mode.IsRegular()
	if attrs.Mode == nil {
		mode := fs.FileMode(0o644)
		if replaces {
			mode = before.Mode
		}
		attrs.Mode = &mode
	}
	if replaces && attrs.Owner == "" && attrs.Group == "" {
		attrs.Owner, attrs.Group = strconv.Itoa(before.UID), strconv.Itoa(before.GID)
	}
	return attrs
}

const partMark = ".part-"

func partName(dest string, blob modules.Blob) string {
	return dest + partMark + blob.SHA256[:min(12, len(blob.SHA256))]
}

// transfer is one file on its way.
type transfer struct {
	ctx        context.Context
	blob       modules.Blob
	dest, part string
	attrs      modules.Attributes
	sent       Sent
}

// run completes the part file and puts it in place. What an earlier transfer has left may
// turn out to be damaged; then all is sent anew.
func (t *transfer) run(sys modules.System) error {
	err := t.try(sys)
	if errors.Is(err, errDamaged) && t.sent.ResumedAt > 0 {
		err = t.try(sys)
	}
	if modules.IsFull(err) {
		return errors.Join(t.full(err), sys.Remove(t.part))
	}
	return err
}

func (t *transfer) try(sys modules.System) error {
	sum, have, err := t.begin(sys)
	if err != nil {
		return err
	}
	t.sent.ResumedAt = have
	if err := t.receive(sys, sum, have); err != nil {
		return err
	}
	return t.place(sys, sum)
}

// usable tells whether an earlier transfer has left a part to go on with.
func (t *transfer) usable(sys modules.System) (size int64, ok bool) {
	st, err := sys.Lstat(t.part)
	if err != nil || !st.Mode.IsRegular() || st.UID != sys.Self().UID || st.Size > t.blob.Size {
		return 0, false
	}
	return st.Size, true
}

// begin reads what an earlier transfer has left, or makes an empty part file.
func (t *transfer) begin(sys modules.System) (hash.Hash, int64, error) {
	sum := sha256.New()
	if _, ok := t.usable(sys); !ok {
		if err := sys.Remove(t.part); err != nil {
			return nil, 0, err
		}
		private := fs.FileMode(0o600)
		return sum, 0, sys.WriteFile(t.part, strings.NewReader(""), modules.Attributes{Mode: &private})
	}
	f, err := sys.Open(t.part)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	have, err := io.Copy(sum, f)
	return sum, have, err
}

// checkSpace refuses what cannot fit, before anything is sent.
func (t *transfer) checkSpace(sys modules.System) error {
	have, _ := t.usable(sys)
	space, err := sys.Space(path.Dir(t.dest))
	if err != nil {
		return err
	}
	if need := t.blob.Size - have; uint64(need) > space.Bytes {
		return modules.WithKind(modules.KindNoSpace, fmt.Errorf("there is no room for %s in %s: it needs %s, and %s are free",
			path.Base(t.dest), path.Dir(t.dest), size(need), size(int64(space.Bytes))))
	}
	return nil
}

const (
	// chunk is how much is on disk at each step, and the most that travels again.
	chunk = 4 << 20
	// tellAfter is the time between two lines of progress.
	tellAfter = 5 * time.Second
)

// receive adds what is missing to the part file.
func (t *transfer) receive(sys modules.System, sum hash.Hash, have int64) error {
	if have == t.blob.Size {
		return nil
	}
	content, err := sys.OpenBlobAt(t.ctx, t.blob, have)
	if err != nil {
		return err
	}
	defer content.Close()
	private := fs.FileMode(0o600)
	buffer := make([]byte, min(chunk, t.blob.Size-have))
	told := sys.Now()
	for have < t.blob.Size {
		n, err := io.ReadFull(content, buffer[:min(int64(len(buffer)), t.blob.Size-have)])
		if n > 0 {
			if err := sys.Append(t.part, buffer[:n], modules.Attributes{Mode: &private}); err != nil {
				return err
			}
			sum.Write(buffer[:n])
			have += int64(n)
			t.sent.Bytes += int64(n)
		}
		if err != nil {
			return fmt.Errorf("%s broke off at %s of %s; the next run goes on from there: %w", path.Base(t.dest), size(have), size(t.blob.Size), err)
		}
		if now := sys.Now(); now.Sub(told) >= tellAfter {
			sys.Progress(fmt.Sprintf("%s: %s of %s", path.Base(t.dest), size(have), size(t.blob.Size)))
			told = now
		}
	}
	return nil
}

var errDamaged = errors.New("arrived damaged, or was changed on the controller while it was sent")

// place verifies the part file and renames it over dest.
func (t *transfer) place(sys modules.System, sum hash.Hash) error {
	if st, err := sys.Lstat(t.part); err != nil || st.Size != t.blob.Size {
		return errors.Join(fmt.Errorf("%s %w: another transfer writes to it", t.part, errDamaged), err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != t.blob.SHA256 {
		err := fmt.Errorf("%s %w: its sha256 is %s and should be %s", path.Base(t.dest), errDamaged, got, t.blob.SHA256)
		return errors.Join(err, sys.Remove(t.part))
	}
	if err := sys.SetAttributes(t.part, t.attrs); err != nil {
		return err
	}
	if err := sys.Rename(t.part, t.dest); err != nil {
		return err
	}
	return t.removeStale(sys)
}

var partPattern = regexp.MustCompile(`^[0-9a-f]{12}$`)

// removeStale removes what transfers of other contents to the same place have left.
func (t *transfer) removeStale(sys modules.System) error {
	list, err := sys.ReadDir(path.Dir(t.dest))
	if err != nil {
		return nil // a directory that may be written but not read
	}
	var errs []error
	for _, st := range list {
		hash, ok := strings.CutPrefix(path.Base(st.Path), path.Base(t.dest)+partMark)
		if ok && partPattern.MatchString(hash) && st.Mode.IsRegular() {
			errs = append(errs, sys.Remove(path.Join(path.Dir(t.dest), path.Base(st.Path))))
		}
	}
	return errors.Join(errs...)
}

func (t *transfer) full(err error) error {
	return modules.WithKind(modules.KindNoSpace, fmt.Errorf("the disk got full while %s (%s) was sent to %s; what had arrived was removed again: %w",
		path.Base(t.dest), size(t.blob.Size), path.Dir(t.dest), err))
}

func size(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d kB", (bytes+1023)>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
}
