{{/* The pod of a service: dict "root" $ "name" NAME "fact" FACT "service" VALUES. */}}
{{- define "sigstead.pod" -}}
{{- $values := .root.Values }}
{{- $release := .root.Release.Name }}
{{- $prefix := printf "SIGSTEAD_%s" (upper .name) -}}
automountServiceAccountToken: false
{{- with .service.serviceAccount }}
serviceAccountName: {{ . }}
{{- end }}
# Variables about Services would look like settings.
enableServiceLinks: false
# Open requests, then the last commits, then the database: 20 seconds each, after the pause of preStop.
terminationGracePeriodSeconds: 75
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- with $values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "sigstead.selector" (dict "root" .root "component" .name) | nindent 8 }}
containers:
  - name: {{ .name }}
    image: "{{ $values.image.repository }}:{{ $values.image.tag | default .root.Chart.AppVersion }}"
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args: [{{ .name }}]
    env:
      - {name: SIGSTEAD_CONFIG, value: /etc/sigstead/sigstead.toml}
      {{- if and (eq .name "ca") $values.services.ct.enabled }}
      - {name: SIGSTEAD_CA__CT_URL, value: "http://{{ $release }}-ct:6962"}
      {{- end }}
      {{- if .fact.tuf }}
      - {name: SIGSTEAD_TRUST__TUF__FOLDER, value: /var/lib/sigstead/tuf}
      {{- end }}
      {{- if .service.tlsSecret }}
      - {name: {{ $prefix }}__TLS__CERTIFICATE, value: /run/secrets/tls/tls.crt}
      - {name: {{ $prefix }}__TLS__KEY, value: "file:/run/secrets/tls/tls.key"}
      {{- end }}
      {{- range $setting, $value := .service.environment }}
      - {name: {{ $setting }}, value: {{ $value | quote }}}
      {{- end }}
    ports:
      - {name: api, containerPort: {{ .fact.port }}}
      - {name: admin, containerPort: 2112}
    # The admin port opens after the database's schema is up to date, which may take its time.
    startupProbe: {httpGet: {path: /healthz, port: admin}, periodSeconds: 2, failureThreshold: 150}
    livenessProbe: {httpGet: {path: /healthz, port: admin}, periodSeconds: 10, timeoutSeconds: 5}
    readinessProbe: {httpGet: {path: /readyz, port: admin}, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 2}
    lifecycle:
      # Load balancers hear of the end before connections are closed.
      preStop: {sleep: {seconds: 5}}
    resources: {{- .service.resources | default $values.resources | toYaml | nindent 6 }}
    securityContext: {{- include "sigstead.confined" . | nindent 6 }}
    volumeMounts:
      - {name: config, mountPath: /etc/sigstead, readOnly: true}
      {{- if .service.tlsSecret }}
      - {name: tls, mountPath: /run/secrets/tls, readOnly: true}
      {{- end }}
      {{- if .fact.guard }}
      - {name: guard, mountPath: /var/lib/sigstead}
      {{- end }}
      {{- if .fact.tuf }}
      - {name: tuf, mountPath: /var/lib/sigstead}
      {{- end }}
volumes:
  # The public files, and in `keys` this service's own secrets and no others.
  - name: config
    projected:
      defaultMode: 0440
      sources:
        - configMap: {name: {{ $values.config.configMap | default $release }}}
        {{- with .service.keys | default (.service.keyElsewhere | ternary (list) .fact.keys) }}
        - secret:
            name: {{ $.service.keySecret | default (printf "%s-%s" $release $.name) }}
            items:
              {{- range . }}
              - {key: {{ . }}, path: keys/{{ . }}}
              {{- end }}
        {{- end }}
        {{- if .fact.database }}
        - secret:
            name: {{ $values.databaseSecret | default (printf "%s-database" $release) }}
            items: [{key: database.url, path: keys/database.url}]
        {{- end }}
  {{- if .fact.tuf }}
  - name: tuf
    persistentVolumeClaim: {claimName: {{ $release }}-tuf}
  {{- end }}
  {{- if .service.tlsSecret }}
  - name: tls
    secret: {secretName: {{ .service.tlsSecret }}, defaultMode: 0440}
  {{- end }}
{{- end }}
