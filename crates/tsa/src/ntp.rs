//! The messages of a simple NTP client (RFC 5905 §7.3 and §14), and what an exchange says of our clock.

use std::time::Duration;

use sigstead_clock::Timestamp;

/// Bytes of a message without extensions.
pub(crate) const LENGTH: usize = 48;
/// Seconds from 1900, where NTP's era 0 begins, to 1970.
const EPOCH: u64 = 2_208_988_800;
/// No leap warning, version 4, client.
const CLIENT: u8 = 0b00_100_011;
/// The mode of an answer.
const SERVER: u8 = 4;
/// The leap indicator of a server that does not know the time itself.
const UNSYNCHRONIZED: u8 = 3;
/// Servers from stratum 16 on do not know the time either; stratum 0 is a refusal.
const STRATA: std::ops::Range<u8> = 1..16;

/// A request. `cookie` stands where the client's time would: only who saw the request can repeat it, and nobody
/// learns our time from it.
pub(crate) fn request(cookie: [u8; 8]) -> [u8; LENGTH] {
    let mut message = [0; LENGTH];
    if let Some((first, rest)) = message.split_first_mut() {
        *first = CLIENT;
        rest.iter_mut().rev().zip(cookie.iter().rev()).for_each(|(to, from)| *to = *from);
    }
    message
}

/// A server's answer, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// When the server got the request.
    received: Timestamp,
    /// When it answered.
    sent: Timestamp,
}

impl Answer {
    /// Reads the answer to the request with that cookie, near `now`, which tells NTP's eras apart.
    pub(crate) fn parse(message: &[u8], cookie: [u8; 8], now: Timestamp) -> Result<Self, &'static str> {
        let message = message.first_chunk::<LENGTH>().ok_or("it is too short")?;
        let field = |at: usize| message.get(at..at + 8).and_then(|field| field.first_chunk::<8>()).copied();
        let (Some(first), Some(stratum)) = (message.first(), message.get(1)) else {
            return Err("it is too short");
        };
        if first & 0b111 != SERVER {
            return Err("it is not a server's");
        }
        if field(24) != Some(cookie) {
            return Err("it answers another request");
        }
        if first >> 6 == UNSYNCHRONIZED || !STRATA.contains(stratum) {
            return Err("the server does not know the time");
        }
        let time = |at| field(at).filter(|field| *field != [0; 8]).map(|field| instant(field, now));
        match (time(32), time(40)) {
            (Some(received), Some(sent)) => Ok(Self { received, sent }),
            _ => Err("it has no time"),
        }
    }

    /// How far the server is ahead of us, in milliseconds, if the request left at `asked` and its answer took
    /// `elapsed` to come (RFC 5905 §8); half of `elapsed` is how far off that may be.
    pub(crate) fn offset_ms(&self, asked: Timestamp, elapsed: Duration) -> i64 {
        let millis = |at: Timestamp| i64::try_from(at.millis()).unwrap_or(i64::MAX);
        let answered = asked.plus(elapsed);
        let there = millis(self.received).saturating_sub(millis(asked));
        let back = millis(self.sent).saturating_sub(millis(answered));
        there.saturating_add(back) / 2
    }
}

/// 32 bits of seconds since the beginning of an era, 32 bits of fraction; of all eras, the one that is nearest to `now`.
fn instant(field: [u8; 8], now: Timestamp) -> Timestamp {
    const ERA: u64 = 1 << 32;
    let bits = u64::from_be_bytes(field);
    let (seconds, fraction) = (bits >> 32, bits & (ERA - 1));
    let today = now.seconds().saturating_add(EPOCH);
    let in_this_era = today - today % ERA + seconds;
    let nearest = [in_this_era.saturating_sub(ERA), in_this_era, in_this_era + ERA]
        .into_iter()
        .min_by_key(|candidate| candidate.abs_diff(today))
        .unwrap_or(in_this_era);
    Timestamp::from_millis(nearest.saturating_sub(EPOCH) * 1000 + ((fraction * 1000) >> 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: [u8; 8] = *b"a cookie";

    fn answer(received: u64, sent: u64) -> Vec<u8> {
        let mut message = vec![0b00_100_100, 2, 6, 0xe8];
        message.resize(24, 0);
        message.extend(COOKIE);
        for millis in [received, sent] {
            let seconds = (millis / 1000 + EPOCH) & 0xffff_ffff;
            let fraction = ((millis % 1000) << 32) / 1000 + 1;
            message.extend((seconds << 32 | fraction).to_be_bytes());
        }
        message
    }

    #[test]
    fn the_offset_is_the_middle_of_both_ways() {
        let asked = Timestamp::from_millis(1_800_000_000_000);
        // Half a second ahead; 30 ms there, 10 ms at the server, 50 ms back.
        let message = answer(1_800_000_000_530, 1_800_000_000_540);
        let answer = Answer::parse(&message, COOKIE, asked).unwrap();
        assert_eq!(answer.offset_ms(asked, Duration::from_millis(90)), 490);
    }

    #[test]
    fn eras_are_told_apart() {
        // 2036-02-07T06:28:16Z is second 0 of era 1.
        let turn = 2_085_978_496_000;
        for (now, there) in
            [(turn - 5000, turn + 5000), (turn + 5000, turn - 5000), (turn + 9000, turn + 9100)]
        {
            let now = Timestamp::from_millis(now);
            let answer = Answer::parse(&answer(there, there), COOKIE, now).unwrap();
            let expected = i64::try_from(there).unwrap() - i64::try_from(now.millis()).unwrap();
            assert_eq!(answer.offset_ms(now, Duration::ZERO), expected);
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let good = answer(1_800_000_000_000, 1_800_000_000_000);
        assert!(Answer::parse(&good, COOKIE, now).is_ok());
        assert!(Answer::parse(&good, *b"another!", now).is_err());
        for (at, byte, why) in [
            (0, 0b00_100_011, "it is not a server's"),
            (0, 0b11_100_100, "the server does not know the time"),
            (1, 0, "the server does not know the time"),
            (1, 16, "the server does not know the time"),
        ] {
            let mut message = good.clone();
            message[at] = byte;
            assert_eq!(Answer::parse(&message, COOKIE, now), Err(why));
        }
        let mut timeless = good.clone();
        timeless[40..].fill(0);
        assert_eq!(Answer::parse(&timeless, COOKIE, now), Err("it has no time"));
        for length in 0..LENGTH {
            assert_eq!(Answer::parse(&good[..length], COOKIE, now), Err("it is too short"));
        }
    }

    #[test]
    fn a_request_carries_the_cookie_where_answers_repeat_it() {
        let request = request(COOKIE);
        assert_eq!((request[0], &request[40..]), (0x23, &COOKIE[..]));
    }
}
