package modules

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"syscall"
	"unicode/utf8"
)

const (
	// ShownContent is how many bytes of a file a diff may show: as many as Ansible's.
	ShownContent = 102 << 10
	// hashedBefore is up to which size an old file is read for its hash.
	hashedBefore = 16 << 20
	// plannedContent is how much of a planned file a dry run keeps for later reads.
	plannedContent = 8 << 20
)

// WriteFile puts content at path, where it differs from what is there.
func (r *Recorder) WriteFile(name string, content io.Reader, attrs Attributes) error {
	if r.isScratch(name) {
		return r.System.WriteFile(name, content, attrs)
	}
	before, err := r.Lstat(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	exists := err == nil
	if exists && before.Mode.IsDir() {
		return &fs.PathError{Op: "write", Path: name, Err: syscall.EISDIR}
	}
	if exists && before.Mode.IsRegular() {
		same, rest, err := r.compare(name, before, content)
		if err != nil {
			return err
		}
		if same {
			return r.SetAttributes(name, attrs)
		}
		content = rest
	}
	return r.replace(name, exists, before, content, attrs)
}

// replace writes content that is known to differ and records it.
func (r *Recorder) replace(name string, exists bool, before Stat, content io.Reader, attrs Attributes) error {
	attrs = r.foreseen(attrs)
	old := shown{whole: true}
	var more []Change
	var err error
	if exists {
		if old, err = r.before(name, before); err != nil {
			return err
		}
	}
	if exists && before.Mode.IsRegular() {
		if more, _, err = r.attributeChanges(before, attrs); err != nil {
			return err
		}
	}
	written := newTee(content)
	if r.check {
		err = r.planContent(name, written, attrs)
	} else {
		err = r.System.WriteFile(name, written, attrs)
	}
	if err != nil {
		return err
	}
	r.recordWrite(name, old, r.after(written))
	for _, c := range more {
		c.Path = name
		r.record(c)
	}
	return nil
}

// recordWrite shows both contents, or neither.
func (r *Recorder) recordWrite(name string, old, now shown) {
	if r.diff && old.whole && now.whole {
		r.record(Change{Action: "write", Path: name, Before: old.text, After: now.text, Text: true})
		return
	}
	c := Change{Action: "write", Path: name, Before: old.digest, After: now.digest}
	if r.diff {
		c.Withheld = withheld(old, now)
	}
	r.record(c)
}

// withheld names the sides that are not fit to be shown.
func withheld(old, now shown) (why []string) {
	if old.unfit != "" {
		why = append(why, "dst_"+old.unfit)
	}
	if now.unfit != "" {
		why = append(why, "src_"+now.unfit)
	}
	return why
}

// compare reads the file and the new content side by side. Where they differ, rest
// gives the new content from its start.
func (r *Recorder) compare(name string, before Stat, content io.Reader) (same bool, rest io.Reader, err error) {
	if lazy, ok := content.(*lazyBlob); ok {
		return r.compareBlob(name, before, lazy)
	}
	old, err := r.Open(name)
	if err != nil {
		return false, nil, err
	}
	defer old.Close()
	var equal int64
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errA := io.ReadFull(content, a)
		if errA != nil && errA != io.EOF && errA != io.ErrUnexpectedEOF {
			return false, nil, errA
		}
		m, errB := io.ReadFull(old, b)
		if errB != nil && errB != io.EOF && errB != io.ErrUnexpectedEOF {
			return false, nil, errB
		}
		if n != m || !bytes.Equal(a[:n], b[:m]) {
			return false, io.MultiReader(&head{sys: r, name: name, left: equal}, bytes.NewReader(a[:n]), content), nil
		}
		if errA != nil {
			return true, nil, nil
		}
		equal += int64(n)
	}
}

// head reads the first bytes of a file, which it opens when they are asked for.
type head struct {
	sys  Reader
	name string
	left int64
	f    io.ReadCloser
}

// Read gives the next of the bytes.
func (h *head) Read(p []byte) (int, error) {
	if h.left == 0 {
		h.close()
		return 0, io.EOF
	}
	if h.f == nil {
		f, err := h.sys.Open(h.name)
		if err != nil {
			return 0, err
		}
		h.f = f
	}
	if int64(len(p)) > h.left {
		p = p[:h.left]
	}
	n, err := h.f.Read(p)
	h.left -= int64(n)
	if err == io.EOF && h.left > 0 {
		err = fmt.Errorf("%s grew shorter while it was read", h.name)
	}
	return n, err
}

func (h *head) close() {
	if h.f != nil {
		h.f.Close()
		h.f = nil
	}
}

// compareBlob needs no byte of the blob where the sizes or hashes tell.
func (r *Recorder) compareBlob(name string, before Stat, lazy *lazyBlob) (bool, io.Reader, error) {
	if lazy.blob.SHA256 == "" {
		return false, lazy, nil
	}
	if before.Size != lazy.blob.Size {
		return false, lazy, nil
	}
	f, err := r.Open(name)
	if err != nil {
		return false, nil, err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return false, nil, err
	}
	return hex.EncodeToString(sum.Sum(nil)) == lazy.blob.SHA256, lazy, nil
}

// OpenBlob opens a blob when it is first read, so that one whose content the host has
// already costs nothing.
func (r *Recorder) OpenBlob(ctx context.Context, b Blob) (io.ReadCloser, error) {
	return &lazyBlob{ctx: ctx, sys: r.System, blob: b}, nil
}

type lazyBlob struct {
	ctx  context.Context
	sys  Content
	blob Blob
	r    io.ReadCloser
}

// Read opens the blob at the first call.
func (l *lazyBlob) Read(p []byte) (int, error) {
	if l.r == nil {
		r, err := l.sys.OpenBlob(l.ctx, l.blob)
		if err != nil {
			return 0, err
		}
		l.r = r
	}
	return l.r.Read(p)
}

// Close lets go of the blob.
func (l *lazyBlob) Close() error {
	if l.r == nil {
		return nil
	}
	return l.r.Close()
}

// planContent keeps what a dry run would have written. Of a big blob it keeps only
// where it lies, so that nothing travels.
func (r *Recorder) planContent(name string, written *tee, attrs Attributes) error {
	if lazy, ok := written.r.(*lazyBlob); ok && lazy.blob.Size > ShownContent && lazy.blob.SHA256 != "" {
		written.known = lazy.blob
		return r.planFile(name, lazy.blob.Size, attrs, func() (io.ReadCloser, error) {
			return lazy.sys.OpenBlob(lazy.ctx, lazy.blob)
		})
	}
	content, err := io.ReadAll(io.LimitReader(written, plannedContent))
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, written); err != nil {
		return err
	}
	if written.size >= plannedContent {
		return r.planFile(name, written.size, attrs, func() (io.ReadCloser, error) {
			return nil, fmt.Errorf("%s is not there in a dry run", name)
		})
	}
	return r.planWrite(name, content, attrs)
}

func (r *Recorder) planWrite(name string, content []byte, attrs Attributes) error {
	return r.planFile(name, int64(len(content)), attrs, fromBytes(content))
}

func (r *Recorder) planFile(name string, size int64, attrs Attributes, open func() (io.ReadCloser, error)) error {
	uid, gid, err := r.newOwner(name, attrs)
	if err != nil {
		return err
	}
	mode := modeOr(attrs.Mode, newMode(false))
	if st, err := r.Lstat(name); err == nil && st.Mode.IsRegular() {
		mode = modeOr(attrs.Mode, st.Mode&permissions)
		if attrs.Owner == "" {
			uid = st.UID
		}
		if attrs.Group == "" {
			gid = st.GID
		}
	}
	return r.plan.put(name, fileNode(mode, uid, gid, size, r.Now(), open))
}

// tee notes hash, size and beginning of what is read through it.
type tee struct {
	r     io.Reader
	hash  hash.Hash
	size  int64
	first []byte
	known Blob
	// secret keeps the content out of diffs.
	secret bool
}

func newTee(r io.Reader) *tee {
	lazy, ok := r.(*lazyBlob)
	return &tee{r: r, hash: sha256.New(), secret: ok && lazy.blob.Secret}
}

// Read passes bytes on.
func (t *tee) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.hash.Write(p[:n])
	t.size += int64(n)
	if room := ShownContent + 1 - len(t.first); room > 0 {
		t.first = append(t.first, p[:min(n, room)]...)
	}
	return n, err
}

// sum describes the content without showing it.
func (t *tee) sum() string {
	if t.known.SHA256 != "" {
		return digestText(t.known.SHA256, t.known.Size)
	}
	return digestText(hex.EncodeToString(t.hash.Sum(nil)), t.size)
}

func digestText(sha string, size int64) string {
	return fmt.Sprintf("sha256:%s %d bytes", sha, size)
}

// larger is why a content is not shown that a diff has no room for.
const larger = "larger"

// shown is a content as a change may show it.
type shown struct {
	// text is the content itself, where whole is set: where it is small, text, and
	// free of secrets.
	text  string
	whole bool
	// digest describes it without showing it.
	digest string
	// unfit says why it is not shown where no secret is the cause: binary, or larger
	// than a diff may be.
	unfit string
}

func (r *Recorder) shown(content []byte) shown {
	sum := sha256.Sum256(content)
	s := shown{digest: digestText(hex.EncodeToString(sum[:]), int64(len(content)))}
	switch {
	case r.hasSecret(content):
	case len(content) > ShownContent:
		s.unfit = larger
	case !isText(content):
		s.unfit = "binary"
	default:
		s.text, s.whole = string(content), true
	}
	return s
}

// after is what was written.
func (r *Recorder) after(t *tee) shown {
	if t.known.SHA256 == "" && t.size <= ShownContent && !t.secret {
		return r.shown(t.first)
	}
	s := shown{digest: t.sum()}
	if !t.secret && max(t.size, t.known.Size) > ShownContent {
		s.unfit = larger
	}
	return s
}

func (r *Recorder) hasSecret(content []byte) bool {
	for _, s := range r.secrets {
		if s != "" && bytes.Contains(content, []byte(s)) {
			return true
		}
	}
	return false
}

func isText(content []byte) bool {
	return utf8.Valid(content) && bytes.IndexByte(content, 0) < 0
}

// before describes a file that is about to be replaced.
func (r *Recorder) before(name string, st Stat) (shown, error) {
	if !st.Mode.IsRegular() {
		return shown{digest: kindText(st)}, nil
	}
	if st.Size > hashedBefore {
		return shown{digest: kindText(st), unfit: larger}, nil
	}
	content, err := readAll(r, name)
	if err != nil {
		return shown{}, err
	}
	return r.shown(content), nil
}
