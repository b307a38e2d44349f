impl serde::Serialize for HashAlgorithm {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "HASH_ALGORITHM_UNSPECIFIED",
            Self::Sha2256 => "SHA2_256",
            Self::Sha2384 => "SHA2_384",
            Self::Sha2512 => "SHA2_512",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for HashAlgorithm {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "HASH_ALGORITHM_UNSPECIFIED",
            "SHA2_256",
            "SHA2_384",
            "SHA2_512",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = HashAlgorithm;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "HASH_ALGORITHM_UNSPECIFIED" => Ok(HashAlgorithm::Unspecified),
                    "SHA2_256" => Ok(HashAlgorithm::Sha2256),
                    "SHA2_384" => Ok(HashAlgorithm::Sha2384),
                    "SHA2_512" => Ok(HashAlgorithm::Sha2512),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for HashOutput {
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
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.common.v1.HashOutput", len)?;
        if true {
            let v = HashAlgorithm::try_from(self.algorithm)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.algorithm)))?;
            struct_ser.serialize_field("algorithm", &v)?;
        }
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("digest", pbjson::private::base64::encode(&self.digest).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for HashOutput {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "algorithm",
            "digest",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Algorithm,
            Digest,
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
                            "algorithm" => Ok(GeneratedField::Algorithm),
                            "digest" => Ok(GeneratedField::Digest),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = HashOutput;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.common.v1.HashOutput")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<HashOutput, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut algorithm__ = None;
                let mut digest__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Algorithm => {
                            if algorithm__.is_some() {
                                return Err(serde::de::Error::duplicate_field("algorithm"));
                            }
                            algorithm__ = Some(map_.next_value::<HashAlgorithm>()? as i32);
                        }
                        GeneratedField::Digest => {
                            if digest__.is_some() {
                                return Err(serde::de::Error::duplicate_field("digest"));
                            }
                            digest__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(HashOutput {
                    algorithm: algorithm__.unwrap_or_default(),
                    digest: digest__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.common.v1.HashOutput", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for LogId {
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
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.common.v1.LogId", len)?;
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("keyId", pbjson::private::base64::encode(&self.key_id).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for LogId {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "key_id",
            "keyId",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            KeyId,
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
                            "keyId" | "key_id" => Ok(GeneratedField::KeyId),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = LogId;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.common.v1.LogId")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<LogId, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut key_id__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::KeyId => {
                            if key_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("keyId"));
                            }
                            key_id__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(LogId {
                    key_id: key_id__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.common.v1.LogId", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for PublicKeyDetails {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "PUBLIC_KEY_DETAILS_UNSPECIFIED",
            Self::Pkcs1RsaPkcs1v5 => "PKCS1_RSA_PKCS1V5",
            Self::Pkcs1RsaPss => "PKCS1_RSA_PSS",
            Self::PkixRsaPkcs1v5 => "PKIX_RSA_PKCS1V5",
            Self::PkixRsaPss => "PKIX_RSA_PSS",
            Self::PkixEcdsaP256Sha256 => "PKIX_ECDSA_P256_SHA_256",
            Self::PkixEcdsaP256HmacSha256 => "PKIX_ECDSA_P256_HMAC_SHA_256",
            Self::PkixEd25519 => "PKIX_ED25519",
            Self::PkixEd25519Ph => "PKIX_ED25519_PH",
            Self::PkixRsaPkcs1v152048Sha256 => "PKIX_RSA_PKCS1V15_2048_SHA256",
            Self::PkixRsaPkcs1v153072Sha256 => "PKIX_RSA_PKCS1V15_3072_SHA256",
            Self::PkixRsaPkcs1v154096Sha256 => "PKIX_RSA_PKCS1V15_4096_SHA256",
            Self::PkixEcdsaP384Sha384 => "PKIX_ECDSA_P384_SHA_384",
            Self::PkixEcdsaP521Sha512 => "PKIX_ECDSA_P521_SHA_512",
            Self::LmsSha256 => "LMS_SHA256",
            Self::LmotsSha256 => "LMOTS_SHA256",
            Self::PkixRsaPss2048Sha256 => "PKIX_RSA_PSS_2048_SHA256",
            Self::PkixRsaPss3072Sha256 => "PKIX_RSA_PSS_3072_SHA256",
            Self::PkixRsaPss4096Sha256 => "PKIX_RSA_PSS_4096_SHA256",
            Self::PkixEcdsaP384Sha256 => "PKIX_ECDSA_P384_SHA_256",
            Self::PkixEcdsaP521Sha256 => "PKIX_ECDSA_P521_SHA_256",
            Self::MlDsa65 => "ML_DSA_65",
            Self::MlDsa87 => "ML_DSA_87",
            Self::MlDsa44 => "ML_DSA_44",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for PublicKeyDetails {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "PUBLIC_KEY_DETAILS_UNSPECIFIED",
            "PKCS1_RSA_PKCS1V5",
            "PKCS1_RSA_PSS",
            "PKIX_RSA_PKCS1V5",
            "PKIX_RSA_PSS",
            "PKIX_ECDSA_P256_SHA_256",
            "PKIX_ECDSA_P256_HMAC_SHA_256",
            "PKIX_ED25519",
            "PKIX_ED25519_PH",
            "PKIX_RSA_PKCS1V15_2048_SHA256",
            "PKIX_RSA_PKCS1V15_3072_SHA256",
            "PKIX_RSA_PKCS1V15_4096_SHA256",
            "PKIX_ECDSA_P384_SHA_384",
            "PKIX_ECDSA_P521_SHA_512",
            "LMS_SHA256",
            "LMOTS_SHA256",
            "PKIX_RSA_PSS_2048_SHA256",
            "PKIX_RSA_PSS_3072_SHA256",
            "PKIX_RSA_PSS_4096_SHA256",
            "PKIX_ECDSA_P384_SHA_256",
            "PKIX_ECDSA_P521_SHA_256",
            "ML_DSA_65",
            "ML_DSA_87",
            "ML_DSA_44",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = PublicKeyDetails;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "PUBLIC_KEY_DETAILS_UNSPECIFIED" => Ok(PublicKeyDetails::Unspecified),
                    "PKCS1_RSA_PKCS1V5" => Ok(PublicKeyDetails::Pkcs1RsaPkcs1v5),
                    "PKCS1_RSA_PSS" => Ok(PublicKeyDetails::Pkcs1RsaPss),
                    "PKIX_RSA_PKCS1V5" => Ok(PublicKeyDetails::PkixRsaPkcs1v5),
                    "PKIX_RSA_PSS" => Ok(PublicKeyDetails::PkixRsaPss),
                    "PKIX_ECDSA_P256_SHA_256" => Ok(PublicKeyDetails::PkixEcdsaP256Sha256),
                    "PKIX_ECDSA_P256_HMAC_SHA_256" => Ok(PublicKeyDetails::PkixEcdsaP256HmacSha256),
                    "PKIX_ED25519" => Ok(PublicKeyDetails::PkixEd25519),
                    "PKIX_ED25519_PH" => Ok(PublicKeyDetails::PkixEd25519Ph),
                    "PKIX_RSA_PKCS1V15_2048_SHA256" => Ok(PublicKeyDetails::PkixRsaPkcs1v152048Sha256),
                    "PKIX_RSA_PKCS1V15_3072_SHA256" => Ok(PublicKeyDetails::PkixRsaPkcs1v153072Sha256),
                    "PKIX_RSA_PKCS1V15_4096_SHA256" => Ok(PublicKeyDetails::PkixRsaPkcs1v154096Sha256),
                    "PKIX_ECDSA_P384_SHA_384" => Ok(PublicKeyDetails::PkixEcdsaP384Sha384),
                    "PKIX_ECDSA_P521_SHA_512" => Ok(PublicKeyDetails::PkixEcdsaP521Sha512),
                    "LMS_SHA256" => Ok(PublicKeyDetails::LmsSha256),
                    "LMOTS_SHA256" => Ok(PublicKeyDetails::LmotsSha256),
                    "PKIX_RSA_PSS_2048_SHA256" => Ok(PublicKeyDetails::PkixRsaPss2048Sha256),
                    "PKIX_RSA_PSS_3072_SHA256" => Ok(PublicKeyDetails::PkixRsaPss3072Sha256),
                    "PKIX_RSA_PSS_4096_SHA256" => Ok(PublicKeyDetails::PkixRsaPss4096Sha256),
                    "PKIX_ECDSA_P384_SHA_256" => Ok(PublicKeyDetails::PkixEcdsaP384Sha256),
                    "PKIX_ECDSA_P521_SHA_256" => Ok(PublicKeyDetails::PkixEcdsaP521Sha256),
                    "ML_DSA_65" => Ok(PublicKeyDetails::MlDsa65),
                    "ML_DSA_87" => Ok(PublicKeyDetails::MlDsa87),
                    "ML_DSA_44" => Ok(PublicKeyDetails::MlDsa44),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for X509Certificate {
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
        let mut struct_ser = serializer.serialize_struct("dev.sigstore.common.v1.X509Certificate", len)?;
        if true {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("rawBytes", pbjson::private::base64::encode(&self.raw_bytes).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for X509Certificate {
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
            type Value = X509Certificate;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct dev.sigstore.common.v1.X509Certificate")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<X509Certificate, V::Error>
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
                Ok(X509Certificate {
                    raw_bytes: raw_bytes__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("dev.sigstore.common.v1.X509Certificate", FIELDS, GeneratedVisitor)
    }
}
