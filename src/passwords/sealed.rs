//! Encryption to age recipients, record by record: what was written stays closed to this machine too.

use std::path::Path;

use secrecy::zeroize::Zeroizing;

use crate::error::Failure;

#[cfg(feature = "age")]
use with_age as way;
#[cfg(not(feature = "age"))]
use without_age as way;

/// To whom passwords are encrypted; to nobody, they are written in the clear.
#[derive(Clone, Default)]
pub(crate) struct Recipients {
    words: Vec<String>,
    keys: Vec<way::Recipient>,
}

impl Recipients {
    /// Reads them as they are typed: `age1…`.
    ///
    /// # Errors
    /// Exit 2 where one is none, or where this program was built without encryption.
    pub(crate) fn parse(words: &[String]) -> Result<Self, Failure> {
        let keys = words.iter().map(|word| way::recipient(word)).collect::<Result<_, _>>()?;
        Ok(Self { words: words.to_vec(), keys })
    }

    /// As they were typed.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// Encrypts what `plain` makes, which is wiped. `None` where there is nobody to encrypt it to.
    pub(crate) fn seal(&self, plain: impl FnOnce() -> Vec<u8>) -> Option<Result<String, String>> {
        if self.keys.is_empty() {
            return None;
        }
        let plain = Zeroizing::new(plain());
        Some(way::seal(&self.keys, &plain))
    }
}

/// Keys that open what was encrypted to their recipients. No `Debug`, and wiped.
pub struct Identities(Vec<way::Identity>);

impl Identities {
    /// Reads an age identity file, as `age-keygen` writes it.
    ///
    /// # Errors
    /// Exit 2 where it cannot be read, or where this program was built without encryption.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        way::identities(path).map(Self)
    }

    /// Decrypts; `None` where none of the keys fits, or where it is damaged.
    pub(super) fn open(&self, armour: &str) -> Option<Zeroizing<Vec<u8>>> {
        way::open(&self.0, armour)
    }
}

#[cfg(feature = "age")]
mod with_age {
    use std::io::{Read as _, Write as _};
    use std::path::Path;

    use age::armor::{ArmoredReader, ArmoredWriter, Format};
    use secrecy::zeroize::Zeroizing;

    use crate::error::Failure;

    pub(super) type Recipient = age::x25519::Recipient;
    pub(super) type Identity = Box<dyn age::Identity>;

    pub(super) fn recipient(word: &str) -> Result<Recipient, Failure> {
        word.parse().map_err(|error: &str| {
            Failure::usage(format!("this is no age recipient: `{}`", crate::text::shown(word)))
                .because(error)
                .hint("`age-keygen` prints one with the key it makes; it begins with age1")
        })
    }

    pub(super) fn seal(keys: &[Recipient], plain: &[u8]) -> Result<String, String> {
        let keys = keys.iter().map(|key| key as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(keys).map_err(|error| error.to_string())?;
        let sealed = || {
            let armour = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
            let mut writer = encryptor.wrap_output(armour)?;
            writer.write_all(plain)?;
            writer.finish()?.finish()
        };
        let sealed = sealed().map_err(|error: std::io::Error| error.to_string())?;
        String::from_utf8(sealed).map_err(|error| error.to_string())
    }

    pub(super) fn identities(path: &Path) -> Result<Vec<Identity>, Failure> {
        let cannot = || Failure::usage(format!("cannot read the identity file: `{}`", path.display()));
        let text = Zeroizing::new(std::fs::read(path).map_err(|error| cannot().because(error))?);
        let other =
            || cannot().hint("it must be as `age-keygen` writes it, and not be protected by a passphrase");
        // In UTF-16 where a shell's `>` has written it.
        let text = crate::text::decoded(&text).map(|text| Zeroizing::new(text.into_owned()));
        let text = text.ok_or_else(other)?;
        let file = age::IdentityFile::from_buffer(text.as_bytes()).map_err(|_| other())?;
        file.into_identities().map_err(|error| cannot().because(error.to_string()))
    }

    pub(super) fn open(keys: &[Identity], armour: &str) -> Option<Zeroizing<Vec<u8>>> {
        let decryptor = age::Decryptor::new(ArmoredReader::new(armour.as_bytes())).ok()?;
        let mut reader = decryptor.decrypt(keys.iter().map(|key| &**key as &dyn age::Identity)).ok()?;
        let mut plain = Zeroizing::new(Vec::with_capacity(1024)); // so that it does not grow, which would leave copies
        reader.read_to_end(&mut plain).ok()?;
        Some(plain)
    }
}

#[cfg(not(feature = "age"))]
mod without_age {
    use std::path::Path;

    use secrecy::zeroize::Zeroizing;

    use crate::error::Failure;

    /// There is none.
    #[derive(Clone)]
    pub(super) enum Recipient {}
    /// There is none.
    pub(super) enum Identity {}

    fn not_built_in() -> Failure {
        Failure::usage("this headcount was built without encryption").hint(
            "released programs have it; built from source, it comes by default, or with `cargo install --path . --features age`",
        )
    }

    pub(super) fn recipient(_: &str) -> Result<Recipient, Failure> {
        Err(not_built_in())
    }

    pub(super) fn identities(_: &Path) -> Result<Vec<Identity>, Failure> {
        Err(not_built_in())
    }

    pub(super) fn seal(keys: &[Recipient], _: &[u8]) -> Result<String, String> {
        match *keys {
            [] => Err("there is nobody to encrypt it to".into()),
            [ref none, ..] => match *none {},
        }
    }

    pub(super) fn open(keys: &[Identity], _: &str) -> Option<Zeroizing<Vec<u8>>> {
        keys.first().map(|none| match *none {})
    }
}
