package zstd

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

// What the compressor of another package writes comes back the same.
func TestReadsWhatIsCompressed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringN(0, 20, -1), 1, 20).Draw(t, "words")
		var text []byte
		for range rapid.IntRange(0, 3000).Draw(t, "length") {
			text = append(text, rapid.SampledFrom(words).Draw(t, "word")...)
		}
		level := rapid.SampledFrom([]zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression}).Draw(t, "level")
		w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(NewReader(bytes.NewReader(w.EncodeAll(text, nil))))
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("%d bytes came back as %d (%v)", len(text), len(got), err)
		}
	})
}

// A window of more than 8 MB is what zstd --long and --ultra make.
func TestLargeWindow(t *testing.T) {
	block := make([]byte, 1<<20)
	seed := uint32(1)
	for i := range block {
		seed = seed*1664525 + 1013904223
		block[i] = byte(seed >> 24)
	}
	text := bytes.Join([][]byte{block, make([]byte, 20<<20), block}, nil)
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed, zstd.WithWindowSize(32<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(NewReader(&packed))
	if err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes came back as %d (%v)", len(text), len(got), err)
	}
}

// Whatever the bytes are, both packages agree where both succeed.
func FuzzReader(f *testing.F) {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(w.EncodeAll([]byte("some text, some text, some other text"), nil))
	f.Add(w.EncodeAll(bytes.Repeat([]byte{0}, 100000), nil))
	f.Fuzz(func(t *testing.T, packed []byte) {
		const enough = 4 << 20
		got, err := io.ReadAll(io.LimitReader(NewReader(bytes.NewReader(packed)), enough))
		if err != nil || len(got) == enough {
			return
		}
		r, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(1<<30))
		if err != nil {
			return
		}
		defer r.Close()
		if other, err := io.ReadAll(io.LimitReader(r, enough)); err == nil && !bytes.Equal(other, got) {
			t.Errorf("%d bytes and %d bytes", len(got), len(other))
		}
	})
}

func BenchmarkReader(b *testing.B) {
	text := bytes.Repeat([]byte("- name: Make the directories\n  file:\n    path: /opt/webroot\n    state: directory\n"), 20000)
	w, err := zstd.NewWriter(nil)
	if err != nil {
		b.Fatal(err)
	}
	packed := w.EncodeAll(text, nil)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, NewReader(bytes.NewReader(packed))); err != nil {
			b.Fatal(err)
		}
	}
}
