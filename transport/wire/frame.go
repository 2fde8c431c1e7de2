package wire

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/gdeploy/gdeploy/values/record"
)

const (
	// MaxFrame bounds a frame, compressed or not.
	MaxFrame = 64 << 20
	// compressAbove is the size from which compression is worth its time.
	compressAbove = 2 << 10
	packed        = 1 << 31
)

// WriteMessage writes v as a frame of JSON, in one write.
func WriteMessage(w io.Writer, v any) error { return write(w, v, plain) }

// WritePacked is WriteMessage with compression. Only the controller compresses: the
// compressor would make the helper larger by a tenth, and what hosts answer is small.
func WritePacked(w io.Writer, v any) error { return write(w, v, Pack) }

func write(w io.Writer, v any, frame func([]byte) []byte) error {
	payload, err := record.Encode(v)
	if err != nil {
		return fmt.Errorf("encode %T: %w", v, err)
	}
	if len(payload) > MaxFrame {
		return fmt.Errorf("message of %d bytes is longer than the %d that fit", len(payload), MaxFrame)
	}
	_, err = w.Write(frame(payload))
	return err
}

// ReadMessage reads a frame of JSON into v. At the stream's end the error is io.EOF.
func ReadMessage(r io.Reader, v any) error {
	payload, err := ReadFrame(r)
	if err != nil {
		return err
	}
	if err := record.Decode(payload, v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}

// Pack makes a frame of payload: its length, with a mark where it is compressed, and its bytes.
func Pack(payload []byte) []byte {
	if len(payload) > compressAbove {
		frame := encoder().EncodeAll(payload, make([]byte, 4, 4+len(payload)/2))
		if len(frame)-4 < len(payload)*95/100 {
			binary.BigEndian.PutUint32(frame, uint32(len(frame)-4)|packed)
			return frame
		}
	}
	return plain(payload)
}

func plain(payload []byte) []byte {
	frame := make([]byte, 4, 4+len(payload))
	binary.BigEndian.PutUint32(frame, uint32(len(payload)))
	return append(frame, payload...)
}

// ReadFrame reads a frame. At the stream's end the error is io.EOF, within a frame
// io.ErrUnexpectedEOF.
func ReadFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[:])
	size := int(length &^ packed)
	if size > MaxFrame {
		return nil, fmt.Errorf("frame of %d bytes is longer than the %d allowed", size, MaxFrame)
	}
	payload, err := readBody(r, size)
	if err != nil {
		return nil, err
	}
	if length&packed == 0 {
		return payload, nil
	}
	return unpack(payload)
}

// readBody reads size bytes, and takes memory only as they come.
func readBody(r io.Reader, size int) ([]byte, error) {
	const step = 1 << 20
	var body []byte
	for len(body) < size {
		n := min(size-len(body), step)
		body = append(body, make([]byte, n)...)
		if _, err := io.ReadFull(r, body[len(body)-n:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return body, nil
}

// The compressor is made in a function, not in a variable, for the linker to leave it out
// where nobody calls that.
var (
	compressor     *zstd.Encoder
	compressorOnce sync.Once
)

func encoder() *zstd.Encoder {
	compressorOnce.Do(func() {
		var err error
		compressor, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2),
			zstd.WithWindowSize(ChunkSize), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // the options above are constant
		}
	})
	return compressor
}

var decoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(MaxFrame))
	if err != nil {
		panic(err) // the options above are constant
	}
	return d
})

// unpack decompresses a frame's bytes.
func unpack(payload []byte) ([]byte, error) {
	plain, err := decoder().DecodeAll(payload, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress frame: %w", err)
	}
	return plain, nil
}
