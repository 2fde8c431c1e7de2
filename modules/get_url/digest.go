package get_url

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"mime"
	"path"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/uri/web"
)

// digest is what a file must be.
type digest struct{ algorithm, digest string }

var algorithms = map[string]func() hash.Hash{
	"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
}

var hexadecimal = regexp.MustCompile(`^[0-9a-fA-F]+$`)

// wanted reads the parameter checksum, and the file of digests that it may name.
func (m *Module) wanted(ctx context.Context, sys modules.System, like web.Request) (digest, error) {
	if m.Checksum == "" {
		return digest{}, nil
	}
	algorithm, value, ok := strings.Cut(m.Checksum, ":")
	if !ok {
		return digest{}, modules.Fail("The checksum parameter has to be in format <algorithm>:<checksum>")
	}
	want := digest{strings.TrimSpace(algorithm), strings.TrimSpace(value)}
	if algorithms[want.algorithm] == nil {
		return digest{}, modules.Fail("Could not hash file '%s' with algorithm '%s'. Available algorithms: md5, sha1, sha224, sha256, sha384, sha512", m.Dest, want.algorithm)
	}
	if strings.Contains(want.digest, "://") {
		found, err := m.listed(ctx, sys, like, want.digest)
		if err != nil {
			return digest{}, err
		}
		want.digest = found
	}
	want.digest = strings.ReplaceAll(want.digest, "-", "")
	if !hexadecimal.MatchString(want.digest) {
		return digest{}, modules.Fail("The checksum format is invalid")
	}
	return want, nil
}

// listed finds the digest of the URL's file in a file of lines "DIGEST  NAME"; one that has
// a single digest and no name will do.
func (m *Module) listed(ctx context.Context, sys modules.System, like web.Request, list string) (string, error) {
	like.URL = list
	answer, err := like.Do(ctx, sys)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.Reason != "" {
		return "", fmt.Errorf("get the checksums of %s: %s", list, answer.Reason)
	}
	const enough = 16 << 20
	text, err := io.ReadAll(io.LimitReader(answer.Body, enough))
	if err != nil {
		return "", err
	}
	name := web.NameOf(m.URL)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) == 1 && len(lines) == 1 {
			return words[0], nil
		}
		if len(words) == 2 && path.Base(strings.TrimPrefix(words[1], "*")) == name {
			return words[0], nil
		}
	}
	return "", modules.Fail("Unable to find a checksum for file '%s' in '%s'", name, list)
}

// got is a file that was brought here.
type got struct{ file, md5, sha1, digest string }

// keep writes the answer into a temporary file.
func keep(sys modules.System, a *web.Answer, want digest) (got, error) {
	dir, err := sys.TempDir()
	if err != nil {
		return got{}, err
	}
	file := path.Join(dir, "file")
	short, sum, wanted := md5.New(), sha1.New(), sha1.New()
	if want.digest != "" {
		wanted = algorithms[want.algorithm]()
	}
	body := io.TeeReader(a.Body, io.MultiWriter(short, sum, wanted))
	if err := sys.WriteFile(file, body, modules.Attributes{}); err != nil {
		return got{}, fmt.Errorf("get %s: %w", a.URL, err)
	}
	return got{file, hex.EncodeToString(short.Sum(nil)), hex.EncodeToString(sum.Sum(nil)), hex.EncodeToString(wanted.Sum(nil))}, nil
}

// nameOf is how the file is called in a directory: as the server says, or as the URL ends.
func nameOf(a *web.Answer) string {
	if _, parameters, err := mime.ParseMediaType(a.Header.Get("Content-Disposition")); err == nil {
		if name := path.Base(path.Clean("/" + parameters["filename"])); name != "/" {
			return name
		}
	}
	return web.NameOf(a.URL)
}
