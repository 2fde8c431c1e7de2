package release

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// samplesDir holds an archived release's samples of its configuration.
const samplesDir = "samples"

// IsSample tells of a file of the code that is only a sample of the configuration, and never
// deployed: its name, or that of a directory above it, fits one of the shell patterns.
func IsSample(patterns []string, name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		for _, pattern := range patterns {
			if fits, _ := path.Match(pattern, part); fits {
				return true
			}
		}
	}
	return false
}

// sampleSize is how big a sample may be.
const sampleSize = 1 << 20

func (p *packer) readSample(name, file string) error {
	f, err := p.sys.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return p.noteSample(name, f)
}

func (p *packer) noteSample(name string, content io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(content, sampleSize+1))
	if err == nil && len(text) > sampleSize {
		err = fmt.Errorf("%s is a sample of the configuration by its name, and bigger than %d bytes", name, sampleSize)
	}
	if p.samples == nil {
		p.samples = map[string][]byte{}
	}
	p.samples[name] = text
	return err
}

func (p *packer) takeSamples(root, below string) error {
	if _, err := ReadArchived(p.sys, path.Dir(root)); err != nil {
		return err
	}
	entries, err := p.sys.ReadDir(path.Join(root, below))
	for _, e := range entries {
		name := path.Join(below, path.Base(e.Path))
		switch {
		case e.Mode.IsDir():
			err = p.takeSamples(root, name)
		case e.Mode.IsRegular():
			err = p.readSample(name, e.Path)
		}
		if err != nil {
			return err
		}
	}
	return err
}

// keepSamples writes the samples beside the code. An archive that comes from another archived
// release brings the samples of that one along.
func (p *packer) keepSamples() error {
	if from := path.Join(path.Dir(p.a.Archive), samplesDir); p.a.Archive != "" {
		if err := p.takeSamples(from, ""); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	made := map[string]bool{}
	names := make([]string, 0, len(p.samples))
	for name := range p.samples {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		to := path.Join(samplesDir, name)
		if err := p.makeParents(to, made); err != nil {
			return err
		}
		if err := p.text(to, p.samples[name]); err != nil {
			return err
		}
	}
	return nil
}
