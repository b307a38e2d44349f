impl serde::Serialize for CreateEntryRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.spec.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.rekor.v2.CreateEntryRequest", len)?;
        if let Some(v) = self.spec.as_ref() {
            match v {
                create_entry_request::Spec::HashedRekordRequestV002(v) => {
                    struct_ser.serialize_field("hashedRekordRequestV002", v)?;
                }
                create_entry_request::Spec::DsseRequestV002(v) => {
                    struct_ser.serialize_field("dsseRequestV002", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CreateEntryRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "hashed_rekord_request_v002",
            "hashedRekordRequestV002",
            "dsse_request_v002",
            "dsseRequestV002",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            HashedRekordRequestV002,
            DsseRequestV002,
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
                            "hashedRekordRequestV002" | "hashed_rekord_request_v002" => Ok(GeneratedField::HashedRekordRequestV002),
                            "dsseRequestV002" | "dsse_request_v002" => Ok(GeneratedField::DsseRequestV002),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CreateEntryRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.rekor.v2.CreateEntryRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CreateEntryRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut spec__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::HashedRekordRequestV002 => {
                            if spec__.is_some() {
                                return Err(serde::de::Error::duplicate_field("hashedRekordRequestV002"));
                            }
                            spec__ = map_.next_value::<::std::option::Option<_>>()?.map(create_entry_request::Spec::HashedRekordRequestV002)
;
                        }
                        GeneratedField::DsseRequestV002 => {
                            if spec__.is_some() {
                                return Err(serde::de::Error::duplicate_field("dsseRequestV002"));
                            }
                            spec__ = map_.next_value::<::std::option::Option<_>>()?.map(create_entry_request::Spec::DsseRequestV002)
;
                        }
                    }
                }
                Ok(CreateEntryRequest {
                    spec: spec__,
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.rekor.v2.CreateEntryRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for DsseRequestV002 {
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
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.rekor.v2.DSSERequestV002", len)?;
        if let Some(v) = self.envelope.as_ref() {
            struct_ser.serialize_field("envelope", v)?;
        }
        if true {
            struct_ser.serialize_field("verifiers", &self.verifiers)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for DsseRequestV002 {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "envelope",
            "verifiers",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Envelope,
            Verifiers,
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
                            "verifiers" => Ok(GeneratedField::Verifiers),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = DsseRequestV002;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.rekor.v2.DSSERequestV002")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<DsseRequestV002, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut envelope__ = None;
                let mut verifiers__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Envelope => {
                            if envelope__.is_some() {
                                return Err(serde::de::Error::duplicate_field("envelope"));
                            }
                            envelope__ = map_.next_value()?;
                        }
                        GeneratedField::Verifiers => {
                            if verifiers__.is_some() {
                                return Err(serde::de::Error::duplicate_field("verifiers"));
                            }
                            verifiers__ = Some(map_.next_value()?);
                        }
                    }
                }
                Ok(DsseRequestV002 {
                    envelope: envelope__,
                    verifiers: verifiers__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.rekor.v2.DSSERequestV002", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for HashedRekordRequestV002 {
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
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.rekor.v2.HashedRekordRequestV002", len)?;
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("digest", pbjson::private::base64::encode(&self.digest).as_str())?;
        }
        if let Some(v) = self.signature.as_ref() {
            struct_ser.serialize_field("signature", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for HashedRekordRequestV002 {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "digest",
            "signature",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Digest,
            Signature,
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
                            "digest" => Ok(GeneratedField::Digest),
                            "signature" => Ok(GeneratedField::Signature),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = HashedRekordRequestV002;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.rekor.v2.HashedRekordRequestV002")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<HashedRekordRequestV002, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut digest__ = None;
                let mut signature__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Digest => {
                            if digest__.is_some() {
                                return Err(serde::de::Error::duplicate_field("digest"));
                            }
                            digest__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Signature => {
                            if signature__.is_some() {
                                return Err(serde::de::Error::duplicate_field("signature"));
                            }
                            signature__ = map_.next_value()?;
                        }
                    }
                }
                Ok(HashedRekordRequestV002 {
                    digest: digest__.unwrap_or_default(),
                    signature: signature__,
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.rekor.v2.HashedRekordRequestV002", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for PublicKey {
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
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.rekor.v2.PublicKey", len)?;
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("rawBytes", pbjson::private::base64::encode(&self.raw_bytes).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for PublicKey {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "raw_bytes",
            "rawBytes",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            RawBytes,
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
                            "rawBytes" | "raw_bytes" => Ok(GeneratedField::RawBytes),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = PublicKey;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.rekor.v2.PublicKey")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<PublicKey, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut raw_bytes__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::RawBytes => {
                            if raw_bytes__.is_some() {
                                return Err(serde::de::Error::duplicate_field("rawBytes"));
                            }
                            raw_bytes__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(PublicKey {
                    raw_bytes: raw_bytes__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.rekor.v2.PublicKey", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Signature {
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
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.rekor.v2.Signature", len)?;
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("content", pbjson::private::base64::encode(&self.content).as_str())?;
        }
        if let Some(v) = self.verifier.as_ref() {
            struct_ser.serialize_field("verifier", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Signature {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "content",
            "verifier",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Content,
            Verifier,
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
                            "content" => Ok(GeneratedField::Content),
                            "verifier" => Ok(GeneratedField::Verifier),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Signature;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.rekor.v2.Signature")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Signature, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut content__ = None;
                let mut verifier__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Content => {
                            if content__.is_some() {
                                return Err(serde::de::Error::duplicate_field("content"));
                            }
                            content__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Verifier => {
                            if verifier__.is_some() {
                                return Err(serde::de::Error::duplicate_field("verifier"));
                            }
                            verifier__ = map_.next_value()?;
                        }
                    }
                }
                Ok(Signature {
                    content: content__.unwrap_or_default(),
                    verifier: verifier__,
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.rekor.v2.Signature", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Verifier {
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
        if self.verifier.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.rekor.v2.Verifier", len)?;
        if true {
            let v = super::super::common::v1::PublicKeyDetails::try_from(self.key_details)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.key_details)))?;
            struct_ser.serialize_field("keyDetails", &v)?;
        }
        if let Some(v) = self.verifier.as_ref() {
            match v {
                verifier::Verifier::PublicKey(v) => {
                    struct_ser.serialize_field("publicKey", v)?;
                }
                verifier::Verifier::X509Certificate(v) => {
                    struct_ser.serialize_field("x509Certificate", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Verifier {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "key_details",
            "keyDetails",
            "public_key",
            "publicKey",
            "x509_certificate",
            "x509Certificate",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            KeyDetails,
            PublicKey,
            X509Certificate,
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
                            "keyDetails" | "key_details" => Ok(GeneratedField::KeyDetails),
                            "publicKey" | "public_key" => Ok(GeneratedField::PublicKey),
                            "x509Certificate" | "x509_certificate" => Ok(GeneratedField::X509Certificate),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Verifier;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.rekor.v2.Verifier")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Verifier, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut key_details__ = None;
                let mut verifier__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::KeyDetails => {
                            if key_details__.is_some() {
                                return Err(serde::de::Error::duplicate_field("keyDetails"));
                            }
                            key_details__ = Some(map_.next_value::<super::super::common::v1::PublicKeyDetails>()? as i32);
                        }
                        GeneratedField::PublicKey => {
                            if verifier__.is_some() {
                                return Err(serde::de::Error::duplicate_field("publicKey"));
                            }
                            verifier__ = map_.next_value::<::std::option::Option<_>>()?.map(verifier::Verifier::PublicKey)
;
                        }
                        GeneratedField::X509Certificate => {
                            if verifier__.is_some() {
                                return Err(serde::de::Error::duplicate_field("x509Certificate"));
                            }
                            verifier__ = map_.next_value::<::std::option::Option<_>>()?.map(verifier::Verifier::X509Certificate)
;
                        }
                    }
                }
                Ok(Verifier {
                    key_details: key_details__.unwrap_or_default(),
                    verifier: verifier__,
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.rekor.v2.Verifier", FIELDS, GeneratedVisitor)
    }
}
