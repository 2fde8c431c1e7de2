package uri

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/pythonjson"
	"github.com/gdeploy/gdeploy/modules/uri/web"
	"github.com/gdeploy/gdeploy/values"
)

// body is what to send, and its content type where the format decides that.
func (m *Module) body(ctx context.Context, sys modules.System) (body []byte, kind string, err error) {
	switch {
	case m.Src.Given():
		body, err = m.fileToSend(ctx, sys)
		return body, "", err
	case m.Body == nil:
		return nil, "", nil
	}
	text, isText := m.Body.AsString()
	switch m.BodyFormat {
	case "json":
		if !isText {
			text = pythonjson.Dump(*m.Body)
		}
		return []byte(text), "application/json", nil
	case "form-urlencoded":
		if !isText {
			if text, err = urlencoded(*m.Body); err != nil {
				return nil, "", modules.Fail("failed to parse body as form_urlencoded: %w", err)
			}
		}
		return []byte(text), "application/x-www-form-urlencoded", nil
	case "form-multipart":
		if body, kind, err = m.multipart(ctx, *m.Body); err != nil {
			err = modules.Fail("failed to parse body as form-multipart: %w", err)
		}
		return body, kind, err
	}
	return []byte(values.Text(*m.Body)), "", nil
}

func (m *Module) fileToSend(ctx context.Context, sys modules.System) ([]byte, error) {
	if m.Src.Blob == nil {
		return web.ReadOnHost(ctx, m.host, m.Src.Path)
	}
	f, err := sys.OpenBlob(ctx, *m.Src.Blob)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// urlencoded writes a mapping, or a list of pairs, as a form; a list stands for several
// values of one name.
func urlencoded(form values.Value) (string, error) {
	var parts []string
	add := func(name, value values.Value) {
		if value.Kind() != values.KindList {
			value = values.ListOf(value)
		}
		for _, one := range value.Items() {
			parts = append(parts, url.QueryEscape(values.Text(name))+"="+url.QueryEscape(values.Text(one)))
		}
	}
	if pairs, ok := form.AsMap(); ok {
		for i, name := range pairs.Keys() {
			add(name, pairs.Values()[i])
		}
		return strings.Join(parts, "&"), nil
	}
	for _, pair := range form.Items() {
		both := pair.Items()
		if len(both) != 2 {
			return "", fmt.Errorf("%s is no pair of a name and a value", values.Text(pair))
		}
		add(both[0], both[1])
	}
	return strings.Join(parts, "&"), nil
}

// multipart writes a mapping as a form whose parts may be files.
func (m *Module) multipart(ctx context.Context, form values.Value) ([]byte, string, error) {
	fields, ok := form.AsMap()
	if !ok {
		return nil, "", fmt.Errorf("it must be a mapping, and is %s", form.Kind())
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i, name := range fields.Keys() {
		if err := m.part(ctx, w, values.Text(name), fields.Values()[i]); err != nil {
			return nil, "", err
		}
	}
	err := w.Close()
	return body.Bytes(), w.FormDataContentType(), err
}

func (m *Module) part(ctx context.Context, w *multipart.Writer, name string, field values.Value) error {
	disposition := map[string]string{"name": name}
	kind, content := "text/plain", ""
	switch field.Kind() {
	case values.KindString:
		content = values.Text(field)
	case values.KindMap:
		file, err := m.formFile(ctx, field)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		kind, content = file.kind, file.content
		if file.name != "" {
			disposition["filename"] = path.Base(file.name)
		}
	default:
		return modules.Fail("value must be a string, or mapping, cannot be type %s", field.Kind())
	}
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Type":        {kind},
		"Content-Disposition": {mime.FormatMediaType("form-data", disposition)},
	})
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	return err
}

// formFile is a part of a form that is written as a mapping.
type formFile struct{ name, kind, content string }

func (m *Module) formFile(ctx context.Context, field values.Value) (formFile, error) {
	name, _ := field.Get("filename")
	kind, hasKind := field.Get("mime_type")
	content, hasContent := field.Get("content")
	f := formFile{name: values.Text(name), kind: "application/octet-stream", content: values.Text(content)}
	if name.IsNull() {
		f.name = ""
	}
	switch {
	case hasKind:
		f.kind = values.Text(kind)
	case mime.TypeByExtension(path.Ext(f.name)) != "":
		f.kind = mime.TypeByExtension(path.Ext(f.name))
	}
	switch {
	case hasContent:
	case f.name == "":
		return f, modules.Fail("at least one of filename or content must be provided")
	case !m.RemoteSrc:
		return f, fmt.Errorf("%s is read on the host, with remote_src: yes; for a file of the controller give content: \"{{ lookup('file', '%s') }}\"", f.name, f.name)
	default:
		sent, err := web.ReadOnHost(ctx, m.host, f.name)
		f.content = string(sent)
		return f, err
	}
	return f, nil
}
