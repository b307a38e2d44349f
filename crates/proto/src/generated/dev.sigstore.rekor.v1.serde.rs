impl serde::Serialize for Checkpoint {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if true {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.rekor.v1.Checkpoint", len)?;
        if true {
            struct_ser.serialize_field("envelope", &self.envelope)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Checkpoint {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "envelope",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Envelope,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "envelope" => Ok(GeneratedField::Envelope),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Checkpoint;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.rekor.v1.Checkpoint")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Checkpoint, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut envelope__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Envelope => {
                            if envelope__.is_some() {
                                return Err(serde::de::Error::duplicate_field("envelope"));
                            }
                            envelope__ = Some(map_.next_value()?);
                        }
                    }
                }
                Ok(Checkpoint {
                    envelope: envelope__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.rekor.v1.Checkpoint", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for InclusionPromise {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if true {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.rekor.v1.InclusionPromise", len)?;
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("signedEntryTimestamp", pbjson::private::base64::encode(&self.signed_entry_timestamp).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InclusionPromise {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "signed_entry_timestamp",
            "signedEntryTimestamp",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            SignedEntryTimestamp,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "signedEntryTimestamp" | "signed_entry_timestamp" => Ok(GeneratedField::SignedEntryTimestamp),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InclusionPromise;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.rekor.v1.InclusionPromise")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<InclusionPromise, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut signed_entry_timestamp__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::SignedEntryTimestamp => {
                            if signed_entry_timestamp__.is_some() {
                                return Err(serde::de::Error::duplicate_field("signedEntryTimestamp"));
                            }
                            signed_entry_timestamp__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(InclusionPromise {
                    signed_entry_timestamp: signed_entry_timestamp__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.rekor.v1.InclusionPromise", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for InclusionProof {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if true {
            len += 1;
        }
        if true {
            len += 1;
        }
        if true {
            len += 1;
        }
        if true {
            len += 1;
        }
        if true {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.rekor.v1.InclusionProof", len)?;
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("logIndex", ToString::to_string(&self.log_index).as_str())?;
        }
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("rootHash", pbjson::private::base64::encode(&self.root_hash).as_str())?;
        }
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("treeSize", ToString::to_string(&self.tree_size).as_str())?;
        }
        if true {
            struct_ser.serialize_field("hashes", &self.hashes.iter().map(pbjson::private::base64::encode).collect::<Vec<_>>())?;
        }
        if let Some(v) = self.checkpoint.as_ref() {
            struct_ser.serialize_field("checkpoint", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InclusionProof {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "log_index",
            "logIndex",
            "root_hash",
            "rootHash",
            "tree_size",
            "treeSize",
            "hashes",
            "checkpoint",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            LogIndex,
            RootHash,
            TreeSize,
            Hashes,
            Checkpoint,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "logIndex" | "log_index" => Ok(GeneratedField::LogIndex),
                            "rootHash" | "root_hash" => Ok(GeneratedField::RootHash),
                            "treeSize" | "tree_size" => Ok(GeneratedField::TreeSize),
                            "hashes" => Ok(GeneratedField::Hashes),
                            "checkpoint" => Ok(GeneratedField::Checkpoint),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InclusionProof;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.rekor.v1.InclusionProof")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<InclusionProof, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut log_index__ = None;
                let mut root_hash__ = None;
                let mut tree_size__ = None;
                let mut hashes__ = None;
                let mut checkpoint__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::LogIndex => {
                            if log_index__.is_some() {
                                return Err(serde::de::Error::duplicate_field("logIndex"));
                            }
                            log_index__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::RootHash => {
                            if root_hash__.is_some() {
                                return Err(serde::de::Error::duplicate_field("rootHash"));
                            }
                            root_hash__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::TreeSize => {
                            if tree_size__.is_some() {
                                return Err(serde::de::Error::duplicate_field("treeSize"));
                            }
                            tree_size__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Hashes => {
                            if hashes__.is_some() {
                                return Err(serde::de::Error::duplicate_field("hashes"));
                            }
                            hashes__ = 
                                Some(map_.next_value::<Vec<::pbjson::private::BytesDeserialize<_>>>()?
                                    .into_iter().map(|x| x.0).collect())
                            ;
                        }
                        GeneratedField::Checkpoint => {
                            if checkpoint__.is_some() {
                                return Err(serde::de::Error::duplicate_field("checkpoint"));
                            }
                            checkpoint__ = map_.next_value()?;
                        }
                    }
                }
                Ok(InclusionProof {
                    log_index: log_index__.unwrap_or_default(),
                    root_hash: root_hash__.unwrap_or_default(),
                    tree_size: tree_size__.unwrap_or_default(),
                    hashes: hashes__.unwrap_or_default(),
                    checkpoint: checkpoint__,
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.rekor.v1.InclusionProof", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for KindVersion {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if true {
            len += 1;
        }
        if true {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.rekor.v1.KindVersion", len)?;
        if true {
            struct_ser.serialize_field("kind", &self.kind)?;
        }
        if true {
            struct_ser.serialize_field("version", &self.version)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for KindVersion {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "kind",
            "version",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Kind,
            Version,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "kind" => Ok(GeneratedField::Kind),
                            "version" => Ok(GeneratedField::Version),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = KindVersion;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.rekor.v1.KindVersion")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<KindVersion, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut kind__ = None;
                let mut version__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Kind => {
                            if kind__.is_some() {
                                return Err(serde::de::Error::duplicate_field("kind"));
                            }
                            kind__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Version => {
                            if version__.is_some() {
                                return Err(serde::de::Error::duplicate_field("version"));
                            }
                            version__ = Some(map_.next_value()?);
                        }
                    }
                }
                Ok(KindVersion {
                    kind: kind__.unwrap_or_default(),
                    version: version__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.rekor.v1.KindVersion", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for TransparencyLogEntry {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if true {
            len += 1;
        }
        if true {
            len += 1;
        }
        if true {
            len += 1;
        }
        if true {
            len += 1;
        }
        if true {
            len += 1;
        }
        if true {
            len += 1;
        }
        if true {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.rekor.v1.TransparencyLogEntry", len)?;
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("logIndex", ToString::to_string(&self.log_index).as_str())?;
        }
        if let Some(v) = self.log_id.as_ref() {
            struct_ser.serialize_field("logId", v)?;
        }
        if let Some(v) = self.kind_version.as_ref() {
            struct_ser.serialize_field("kindVersion", v)?;
        }
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("integratedTime", ToString::to_string(&self.integrated_time).as_str())?;
        }
        if let Some(v) = self.inclusion_promise.as_ref() {
            struct_ser.serialize_field("inclusionPromise", v)?;
        }
        if let Some(v) = self.inclusion_proof.as_ref() {
            struct_ser.serialize_field("inclusionProof", v)?;
        }
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("canonicalizedBody", pbjson::private::base64::encode(&self.canonicalized_body).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for TransparencyLogEntry {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "log_index",
            "logIndex",
            "log_id",
            "logId",
            "kind_version",
            "kindVersion",
            "integrated_time",
            "integratedTime",
            "inclusion_promise",
            "inclusionPromise",
            "inclusion_proof",
            "inclusionProof",
            "canonicalized_body",
            "canonicalizedBody",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            LogIndex,
            LogId,
            KindVersion,
            IntegratedTime,
            InclusionPromise,
            InclusionProof,
            CanonicalizedBody,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "logIndex" | "log_index" => Ok(GeneratedField::LogIndex),
                            "logId" | "log_id" => Ok(GeneratedField::LogId),
                            "kindVersion" | "kind_version" => Ok(GeneratedField::KindVersion),
                            "integratedTime" | "integrated_time" => Ok(GeneratedField::IntegratedTime),
                            "inclusionPromise" | "inclusion_promise" => Ok(GeneratedField::InclusionPromise),
                            "inclusionProof" | "inclusion_proof" => Ok(GeneratedField::InclusionProof),
                            "canonicalizedBody" | "canonicalized_body" => Ok(GeneratedField::CanonicalizedBody),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = TransparencyLogEntry;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.rekor.v1.TransparencyLogEntry")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<TransparencyLogEntry, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut log_index__ = None;
                let mut log_id__ = None;
                let mut kind_version__ = None;
                let mut integrated_time__ = None;
                let mut inclusion_promise__ = None;
                let mut inclusion_proof__ = None;
                let mut canonicalized_body__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::LogIndex => {
                            if log_index__.is_some() {
                                return Err(serde::de::Error::duplicate_field("logIndex"));
                            }
                            log_index__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::LogId => {
                            if log_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("logId"));
                            }
                            log_id__ = map_.next_value()?;
                        }
                        GeneratedField::KindVersion => {
                            if kind_version__.is_some() {
                                return Err(serde::de::Error::duplicate_field("kindVersion"));
                            }
                            kind_version__ = map_.next_value()?;
                        }
                        GeneratedField::IntegratedTime => {
                            if integrated_time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("integratedTime"));
                            }
                            integrated_time__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::InclusionPromise => {
                            if inclusion_promise__.is_some() {
                                return Err(serde::de::Error::duplicate_field("inclusionPromise"));
                            }
                            inclusion_promise__ = map_.next_value()?;
                        }
                        GeneratedField::InclusionProof => {
                            if inclusion_proof__.is_some() {
                                return Err(serde::de::Error::duplicate_field("inclusionProof"));
                            }
                            inclusion_proof__ = map_.next_value()?;
                        }
                        GeneratedField::CanonicalizedBody => {
                            if canonicalized_body__.is_some() {
                                return Err(serde::de::Error::duplicate_field("canonicalizedBody"));
                            }
                            canonicalized_body__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(TransparencyLogEntry {
                    log_index: log_index__.unwrap_or_default(),
                    log_id: log_id__,
                    kind_version: kind_version__,
                    integrated_time: integrated_time__.unwrap_or_default(),
                    inclusion_promise: inclusion_promise__,
                    inclusion_proof: inclusion_proof__,
                    canonicalized_body: canonicalized_body__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.rekor.v1.TransparencyLogEntry", FIELDS, GeneratedVisitor)
    }
}
