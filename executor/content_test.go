package executor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is sent inside a call is what its sum was made of, also where the file changed its size
// after it was looked at.
func TestInlineContentIsWhatWasRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	big, small := strings.Repeat("x", inlineLimit), "small"
	for _, c := range []struct{ looked, read string }{{big, small}, {small, big}} {
		if err := os.WriteFile(path, []byte(c.looked), 0o644); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.read), 0o644); err != nil {
			t.Fatal(err)
		}
		blob, err := hashFile(path, info)
		want := c.read
		if len(want) >= inlineLimit {
			want = ""
		}
		if err != nil || blob.Size != int64(len(c.read)) || string(blob.Inline) != want {
			t.Errorf("of %d bytes %d are inside, %v", blob.Size, len(blob.Inline), err)
		}
	}
}
