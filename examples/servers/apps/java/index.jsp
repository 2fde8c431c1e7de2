<%@ page contentType="text/plain" %>release one
