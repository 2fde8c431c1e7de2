package archives

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	kzstd "github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

// member is an entry with its content at hand.
type member struct {
	Name    string
	Mode    fs.FileMode
	ModTime time.Time
	Link    string
	Text    string
	Owner   string
	UID     int
}

func (m member) entry() Entry {
	return Entry{
		Name: m.Name, Mode: m.Mode, ModTime: m.ModTime, Link: m.Link, Size: int64(len(m.Text)), Content: strings.NewReader(m.Text),
		Owner: m.Owner, UID: m.UID,
	}
}

func pack(t testing.TB, format Format, faithful bool, members []member) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, format)
	if err != nil {
		t.Fatal(err)
	}
	w.Faithful = faithful
	for _, m := range members {
		if err := w.Add(m.entry()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unpack(r io.Reader) ([]member, error) {
	var members []member
	err := Read(r, func(e Entry) error {
		m := member{Name: e.Name, Mode: e.Mode, ModTime: e.ModTime.UTC(), Link: e.Link, Owner: e.Owner, UID: e.UID}
		if e.Content != nil {
			text, err := io.ReadAll(e.Content)
			if err != nil {
				return err
			}
			if int64(len(text)) != e.Size {
				return fmt.Errorf("%s says it has %d bytes and has %d", e.Name, e.Size, len(text))
			}
			m.Text = string(text)
		}
		members = append(members, m)
		return nil
	})
	return members, err
}

// trees draws the members of an archive: files, directories and links in sorted order.
func trees() *rapid.Generator[[]member] {
	return rapid.Custom(func(t *rapid.T) []member {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zä·_-]{1,8}(/[a-z0-9. ]{0,4}x){0,3}`), 0, 6, rapid.ID[string]).Draw(t, "names")
		slices.Sort(names)
		var list []member
		for _, name := range names {
			m := member{Name: path.Clean(name), ModTime: time.Unix(rapid.Int64Range(315532800, 4000000000).Draw(t, "time"), 0).UTC()}
			perm := fs.FileMode(rapid.Uint32Range(0, 0o777).Draw(t, "mode"))
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				m.Mode = fs.ModeDir | perm
			case 1:
				m.Mode, m.Link = fs.ModeSymlink|0o777, rapid.StringMatching(`(\.\./)?[a-z/]{1,10}`).Draw(t, "link")
			default:
				m.Mode, m.Text = perm, rapid.StringN(0, 200, 4000).Draw(t, "text")
			}
			m.Owner, m.UID = rapid.SampledFrom([]string{"", "www"}).Draw(t, "owner"), rapid.IntRange(0, 70000).Draw(t, "uid")
			list = append(list, m)
		}
		return list
	})
}

var written = []Format{Tar, TarGz, Zip}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		members := trees().Draw(rt, "members")
		for _, format := range written {
			got, err := unpack(bytes.NewReader(pack(t, format, true, members)))
			if err != nil {
				rt.Fatalf("%s: %v", format, err)
			}
			want := slices.Clone(members)
			if format == Zip { // which has no owners
				for i := range want {
					want[i].Owner, want[i].UID = "", 0
				}
			}
			if len(want) == 0 {
				want = nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("%s: %s", format, diff)
			}
		}
	})
}

// The same content gives the same bytes, whatever its times, owners and modes are, as
// long as what could be executed still can.
func TestTheSameFilesGiveTheSameBytes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		members := trees().Draw(rt, "members")
		other := slices.Clone(members)
		for i := range other {
			other[i].ModTime = other[i].ModTime.Add(time.Hour)
			other[i].Owner, other[i].UID = "nobody", 65534
			other[i].Mode ^= fs.FileMode(rapid.SampledFrom([]uint32{0, 0o022, 0o077}).Draw(rt, "umask"))
		}
		for _, format := range written {
			if !bytes.Equal(pack(t, format, false, members), pack(t, format, false, other)) {
				rt.Fatalf("%s: the bytes differ", format)
			}
		}
	})
}

func TestNewWriterRefuses(t *testing.T) {
	for _, format := range []Format{TarZst, TarBz2, TarXz, "rar", ""} {
		if _, err := NewWriter(io.Discard, format); err == nil {
			t.Errorf("%q is written", format)
		}
	}
}

func TestAddSaysWhatDoesNotFit(t *testing.T) {
	for _, format := range []Format{Tar, TarGz} {
		w, _ := NewWriter(io.Discard, format)
		err := w.Add(Entry{Name: "grew", Mode: 0o644, Size: 1, Content: strings.NewReader("more")})
		if err == nil || !strings.Contains(err.Error(), `add "grew" to the archive`) {
			t.Errorf("%s: a file that grew gives %v", format, err)
		}
	}
}

var one = []member{{Name: "a", Mode: 0o644, Text: "text"}}

// rawTar makes an archive of headers as they are.
func rawTar(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, h.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func rawZip(t *testing.T, name string, mode fs.FileMode) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: name}
	h.SetMode(mode)
	f, err := w.CreateHeader(h)
	if err == nil {
		_, err = f.Write([]byte("x"))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHostileArchivesAreRefused(t *testing.T) {
	file := tar.Header{Name: "a", Mode: 0o644, Size: 1}
	for name, c := range map[string]struct {
		archive []byte
		says    string
	}{
		"a name with ..":              {rawTar(t, tar.Header{Name: "../etc/passwd"}), "outside of the target directory"},
		"a name with .. inside":       {rawTar(t, tar.Header{Name: "a/../../b"}), "outside of the target directory"},
		"a name that is ..":           {rawTar(t, tar.Header{Name: "..", Typeflag: tar.TypeDir}), "outside of the target directory"},
		"a hard link to outside":      {rawTar(t, file, tar.Header{Name: "b", Typeflag: tar.TypeLink, Linkname: "../../etc/shadow"}), "outside of the target directory"},
		"a device":                    {rawTar(t, tar.Header{Name: "d", Typeflag: tar.TypeBlock, Devmajor: 8}), "device or a pipe"},
		"a pipe":                      {rawTar(t, tar.Header{Name: "p", Typeflag: tar.TypeFifo}), "device or a pipe"},
		"a zip name with ..":          {rawZip(t, "../x", 0o644), "outside of the target directory"},
		"a zip name with backslashes": {rawZip(t, `..\..\x`, 0o644), "outside of the target directory"},
		"a device in a zip":           {rawZip(t, "d", fs.ModeDevice|0o600), "device or a pipe"},
		"no archive":                  {[]byte("hello"), "no tar, tar.gz"},
		"nothing":                     {nil, "no tar, tar.gz"},
		"xz":                          {[]byte("\xfd7zXZ\x00rest"), "an xz archive"},
		"a cut gzip":                  {pack(t, TarGz, false, one)[:20], "unexpected EOF"},
		"a gzip of something else":    {zipped(t, []byte("no tar at all")), "read archive"},
		"a gzip that ends early":      {trimmed(pack(t, TarGz, false, one), 4), "EOF"},
		"a gzip with a wrong sum":     {flipped(pack(t, TarGz, false, one), 6), "checksum"},
		"a cut zip":                   {trimmed(pack(t, Zip, false, one), 10), "zip"},
		"a zip with a wrong sum":      {flipped(rawZip(t, "a", 0o644), -38), "zip"},
		"bad bzip2":                   {[]byte("BZh9garbage"), "bzip2"},
		"bad zstd":                    {[]byte("\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff"), "read archive"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := unpack(bytes.NewReader(c.archive))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error with %q", err, c.says)
			}
		})
	}
}

func zipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func trimmed(b []byte, n int) []byte { return b[:len(b)-n] }

// flipped changes one byte, counted from the end; from the beginning where n is negative.
func flipped(b []byte, n int) []byte {
	b = slices.Clone(b)
	if n < 0 {
		n = len(b) + n
	}
	b[len(b)-n] ^= 0x55
	return b
}

func TestNamesAreMadeRelative(t *testing.T) {
	archive := rawTar(t, tar.Header{Name: "/etc/motd", Size: 1}, tar.Header{Name: "./b//c"}, tar.Header{Name: "./", Typeflag: tar.TypeDir},
		tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"})
	got, err := unpack(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range got {
		names = append(names, m.Name)
	}
	if diff := cmp.Diff([]string{"etc/motd", "b/c", "link"}, names); diff != "" {
		t.Error(diff)
	}
	got, err = unpack(bytes.NewReader(rawZip(t, `dir\file.txt`, 0o644)))
	if err != nil || got[0].Name != "dir/file.txt" {
		t.Errorf("a zip from Windows gives %v, %v", got, err)
	}
}

// The programs of other systems write what is read here.
func TestReadsWhatProgramsWrite(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tree/sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"tree/a": "first", "tree/sub/b": strings.Repeat("second ", 20000)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("a", filepath.Join(dir, "tree/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "tree/a"), filepath.Join(dir, "tree/sub/hard")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		format  Format
		command []string
	}{
		{Tar, []string{"tar", "-cf", "out", "tree"}},
		{Tar, []string{"tar", "-cf", "out", "--format=posix", "tree"}},
		{TarGz, []string{"tar", "-czf", "out", "tree"}},
		{TarBz2, []string{"tar", "-cjf", "out", "tree"}},
		{TarZst, []string{"tar", "--zstd", "-cf", "out", "tree"}},
		{Zip, []string{"zip", "-qry", "out.zip", "tree"}},
	} {
		t.Run(strings.Join(c.command, " "), func(t *testing.T) {
			cmd := exec.Command(c.command[0], c.command[1:]...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("%v: %s", err, out)
			}
			name := filepath.Join(dir, strings.TrimPrefix(c.command[2], "-qry"))
			for _, arg := range c.command {
				if strings.HasPrefix(arg, "out") {
					name = filepath.Join(dir, arg)
				}
			}
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if format, err := Identify(bytes.NewReader(content)); format != c.format || err != nil {
				t.Errorf("it is taken for %q (%v)", format, err)
			}
			compare(t, bytes.NewReader(content))
		})
	}
}

func compare(t *testing.T, r io.Reader) {
	t.Helper()
	found := map[string]string{}
	err := Read(r, func(e Entry) error {
		text := e.Link
		if e.Content != nil {
			content, err := io.ReadAll(e.Content)
			if err != nil {
				return err
			}
			text = fmt.Sprintf("%o %s", e.Mode.Perm(), content[:min(len(content), 20)])
		}
		found[e.Name] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found["tree/a"] != "640 first" && found["tree/a"] != "tree/sub/hard" || found["tree/sub/b"] != "640 second second second" || found["tree/link"] != "a" {
		t.Errorf("it holds %q", found)
	}
}

// A zip that does not lie in a file is read from memory.
func TestZipFromAStream(t *testing.T) {
	got, err := unpack(io.MultiReader(bytes.NewReader(pack(t, Zip, false, one))))
	if err != nil || len(got) != 1 || got[0].Text != "text" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestFormatOf(t *testing.T) {
	for name, want := range map[string]Format{"a.tar": Tar, "a.tar.gz": TarGz, "a.tgz": TarGz, "a": TarGz, "a.zip": Zip, "a.war": Zip, "a.jar": Zip, "a.tar.zst": TarZst} {
		if got := FormatOf(name); got != want {
			t.Errorf("%s is taken for %s", name, got)
		}
	}
}

// Whatever the bytes are, Read ends, and no name that it tells leaves the root.
func FuzzRead(f *testing.F) {
	for _, format := range written {
		f.Add(pack(f, format, true, []member{
			{Name: "d", Mode: fs.ModeDir | 0o755}, {Name: "d/a", Mode: 0o644, Text: "some text"}, {Name: "l", Mode: fs.ModeSymlink, Link: "../x"},
		}))
	}
	packed, _ := kzstd.NewWriter(nil)
	f.Add(packed.EncodeAll(pack(f, Tar, false, one), nil))
	f.Add([]byte("BZh91AY&SY"))
	f.Fuzz(func(t *testing.T, archive []byte) {
		total := int64(0)
		_ = Read(bytes.NewReader(archive), func(e Entry) error { // only what it tells before an error counts
			if path.IsAbs(e.Name) || e.Name != path.Clean(e.Name) || strings.HasPrefix(e.Name, "../") || e.Name == ".." || e.Name == "." {
				t.Errorf("it tells the name %q", e.Name)
			}
			if e.Hard && strings.HasPrefix(e.Link, "..") {
				t.Errorf("a hard link to %q", e.Link)
			}
			if e.Content == nil {
				return nil
			}
			n, err := io.Copy(io.Discard, io.LimitReader(e.Content, 1<<20))
			if total += n; total > 8<<20 {
				return errors.New("enough")
			}
			return err
		})
	})
}
