{{/* What is so of each service in every scenario: its port, its first keys, and whether it needs the database and a guard. */}}
{{- define "sigstead.facts" -}}
ca: {port: 5555, keys: [ca.key], database: true, guard: false}
tsa: {port: 3004, keys: [tsa.key], database: false, guard: false}
log: {port: 3000, keys: [log.key, log-v2.key], database: true, guard: true}
ct: {port: 6962, keys: [ct.key], database: true, guard: true}
trust:
  port: 8088
  keys: {{ .Values.tuf.enabled | ternary "[tuf-targets.key, tuf-snapshot.key, tuf-timestamp.key]" "[]" }}
  database: false
  guard: false
  tuf: {{ .Values.tuf.enabled }}
{{- end }}

{{/* The labels by which a component is found: dict "root" $ "component" NAME. */}}
{{- define "sigstead.selector" -}}
app.kubernetes.io/name: sigstead
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "sigstead.labels" -}}
{{ include "sigstead.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
{{- end }}

{{/* What a container may do: nothing. */}}
{{- define "sigstead.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "sigstead.claim" -}}
accessModes: [{{ .accessMode | default "ReadWriteOnce" }}]
{{- with .storageClass }}
storageClassName: {{ . }}
{{- end }}
resources: {requests: {storage: {{ .size }}}}
{{- end }}
