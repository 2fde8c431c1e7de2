package main

import (
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
	"github.com/gdeploy/gdeploy/modules/onhost"
	"github.com/gdeploy/gdeploy/modules/release_archive"
	"github.com/gdeploy/gdeploy/transport/serve"
)

// helperMode serves module calls where gdeploy was started as the helper of its own
// machine, or of a host of the same platform.
func helperMode() (code int, asked bool) {
	if !serve.Asked(os.Args) {
		return 0, false
	}
	return serve.Main(serve.NewNative(withZstd(onhost.Specs()))), true
}

// withZstd packs releases by zstd, which is packed and unpacked several times as fast as gzip.
// The helper that is brought to hosts reads it, and has no room for what writes it.
func withZstd(specs []modules.Spec) []modules.Spec {
	for i := range specs {
		if specs[i].Name == release_archive.Spec.Name {
			specs[i] = release_archive.Packing(zstdCompression)
		}
	}
	return specs
}

var zstdCompression = archives.Compression{
	Ending: ".tar.zst",
	// One goroutine, so that the same members make the same bytes on every machine.
	To: func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) },
}
