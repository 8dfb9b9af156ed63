//! The chunk pool: where decision records wait in shared memory, as plain arithmetic.
//!
//! Records are texts of any length up to a maximum, split over chunks of one size that are linked by index; the records
//! themselves form one queue, oldest first, whatever their database. All zero bytes are an empty pool, so that shared
//! memory needs no initialisation besides zeroing. A link is an index plus one; 0 ends a chain.
//!
//! Nothing here can panic or loop forever, whatever the bytes say: the postmaster reads the pool after a crash.

/// One piece of a record. The fields but `next_chunk`, `length` and `bytes` matter in the first piece only.
#[repr(C)]
struct Chunk<const BYTES: usize> {
    /// Number of the record whose first chunk this is; 0 in any other chunk.
    seq: u64,
    database: u32,
    next_record: u32,
    next_chunk: u32,
    length: u32,
    bytes: [u8; BYTES],
}

/// The pool.
#[repr(C)]
pub struct Pool<const CHUNKS: usize, const BYTES: usize> {
    last_seq: u64,
    first: u32,
    last: u32,
    records: u32,
    free: u32,
    /// Chunks on the list `free`.
    freed: u32,
    /// Chunks that were ever in use; those behind were never touched and are on no list.
    touched: u32,
    chunks: [Chunk<BYTES>; CHUNKS],
}

/// Where a record was put; tells in one look whether it is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    seq: u64,
    link: u32,
}

/// A copy of a queued record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its number, unique since shared memory was set up.
    pub seq: u64,
    /// The database it belongs to.
    pub database: u32,
    /// Its text.
    pub text: Vec<u8>,
}

impl<const CHUNKS: usize, const BYTES: usize> Pool<CHUNKS, BYTES> {
    fn chunk(&self, link: u32) -> Option<&Chunk<BYTES>> {
        self.chunks.get((link as usize).checked_sub(1)?)
    }

    fn chunk_mut(&mut self, link: u32) -> Option<&mut Chunk<BYTES>> {
        self.chunks.get_mut((link as usize).checked_sub(1)?)
    }

    /// Chunks that a new record may use.
    pub fn free_chunks(&self) -> usize {
        CHUNKS.saturating_sub(self.touched as usize) + self.freed as usize
    }

    /// Records in the pool.
    pub fn len(&self) -> usize {
        self.records as usize
    }

    /// Appends a record; `None` when there is no room for all of it.
    pub fn push(&mut self, database: u32, text: &[u8]) -> Option<Place> {
        if text.is_empty() || text.len().div_ceil(BYTES) > self.free_chunks() {
            return None;
        }
        let mut head = 0;
        let mut tail = 0;
        for piece in text.chunks(BYTES) {
            let link = self.allocate()?;
            let chunk = self.chunk_mut(link)?;
            chunk.seq = 0;
            chunk.next_chunk = 0;
            chunk.next_record = 0;
            chunk.length = piece.len() as u32;
            chunk.bytes.get_mut(..piece.len())?.copy_from_slice(piece);
            if head == 0 {
                head = link;
            } else {
                self.chunk_mut(tail)?.next_chunk = link;
            }
            tail = link;
        }
        self.last_seq += 1;
        let seq = self.last_seq;
        let chunk = self.chunk_mut(head)?;
        chunk.seq = seq;
        chunk.database = database;
        match self.chunk_mut(self.last) {
            Some(last) => last.next_record = head,
            None => self.first = head,
        }
        self.last = head;
        self.records += 1;
        Some(Place { seq, link: head })
    }

    /// Whether the record is still in the pool.
    pub fn holds(&self, place: Place) -> bool {
        self.chunk(place.link).is_some_and(|chunk| chunk.seq == place.seq)
    }

    /// The links of the queued records, oldest first.
    fn queue(&self) -> impl Iterator<Item = u32> + '_ {
        let mut link = self.first;
        std::iter::from_fn(move || {
            let this = link;
            link = self.chunk(this)?.next_record;
            Some(this)
        })
        .take(CHUNKS)
    }

    /// Copies the oldest records of a database, or of all, without removing them: as many as fit into `bytes`, but at
    /// least one.
    pub fn peek(&self, database: Option<u32>, bytes: usize) -> Vec<Queued> {
        let mut found = Vec::new();
        let mut total = 0;
        for link in self.queue() {
            let Some(chunk) = self.chunk(link) else { break };
            if database.is_some_and(|database| database != chunk.database) {
                continue;
            }
            let text = self.text(link);
            total += text.len();
            if total > bytes && !found.is_empty() {
                break;
            }
            found.push(Queued {
                seq: chunk.seq,
                database: chunk.database,
                text,
            });
        }
        found
    }

    /// Whether a database has a record in the pool.
    pub fn has(&self, database: u32) -> bool {
        self.queue()
            .any(|link| self.chunk(link).is_some_and(|chunk| chunk.database == database))
    }

    fn text(&self, link: u32) -> Vec<u8> {
        let mut text = Vec::new();
        let mut link = link;
        for _ in 0..CHUNKS {
            let Some(chunk) = self.chunk(link) else { break };
            text.extend_from_slice(chunk.bytes.get(..chunk.length as usize).unwrap_or_default());
            link = chunk.next_chunk;
        }
        text
    }

    /// Removes the records with these numbers, and says how many there were. The numbers ascend, as `peek` gives them.
    pub fn remove(&mut self, seqs: &[u64]) -> usize {
        let mut wanted = seqs;
        let mut removed = 0;
        let mut previous = 0;
        let mut link = self.first;
        for _ in 0..CHUNKS {
            let Some((seq, next)) = self.chunk(link).map(|chunk| (chunk.seq, chunk.next_record)) else {
                break;
            };
            // The queue ascends too: what is smaller than its next number is not in the pool any more.
            while wanted.first().is_some_and(|first| *first < seq) {
                wanted = wanted.get(1..).unwrap_or_default();
            }
            match wanted.first() {
                None => break,
                Some(first) if *first == seq => {
                    match self.chunk_mut(previous) {
                        Some(before) => before.next_record = next,
                        None => self.first = next,
                    }
                    if self.last == link {
                        self.last = previous;
                    }
                    self.release(link);
                    self.records = self.records.saturating_sub(1);
                    removed += 1;
                }
                Some(_) => previous = link,
            }
            link = next;
        }
        removed
    }

    /// Removes one record, if it is still there.
    pub fn withdraw(&mut self, place: Place) -> bool {
        self.holds(place) && self.remove(&[place.seq]) == 1
    }

    fn allocate(&mut self) -> Option<u32> {
        if let Some(chunk) = self.chunk(self.free) {
            let (link, next) = (self.free, chunk.next_chunk);
            self.free = next;
            self.freed = self.freed.saturating_sub(1);
            return Some(link);
        }
        if (self.touched as usize) < CHUNKS {
            self.touched += 1;
            return Some(self.touched);
        }
        None
    }

    /// Puts the chunks of a record on the free list.
    fn release(&mut self, link: u32) {
        let mut link = link;
        for _ in 0..CHUNKS {
            let free = self.free;
            let Some(chunk) = self.chunk_mut(link) else { break };
            let next = chunk.next_chunk;
            chunk.seq = 0;
            chunk.next_record = 0;
            chunk.next_chunk = free;
            self.free = link;
            self.freed += 1;
            link = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNKS: usize = 8;
    const BYTES: usize = 4;

    fn pool() -> Pool<CHUNKS, BYTES> {
        Pool {
            last_seq: 0,
            first: 0,
            last: 0,
            records: 0,
            free: 0,
            freed: 0,
            touched: 0,
            chunks: [const {
                Chunk {
                    seq: 0,
                    database: 0,
                    next_record: 0,
                    next_chunk: 0,
                    length: 0,
                    bytes: [0; BYTES],
                }
            }; CHUNKS],
        }
    }

    fn texts(queued: &[Queued]) -> Vec<String> {
        queued
            .iter()
            .map(|record| String::from_utf8_lossy(&record.text).into_owned())
            .collect()
    }

    #[test]
    fn records_come_back_whole_and_in_order() {
        let mut pool = pool();
        for text in ["a", "four", "fives", "eight888"] {
            assert!(pool.push(1, text.as_bytes()).is_some());
        }
        assert_eq!(texts(&pool.peek(Some(1), 1000)), ["a", "four", "fives", "eight888"]);
        assert_eq!(pool.free_chunks(), CHUNKS - 6);
        assert_eq!(pool.len(), 4);
    }

    #[test]
    fn a_record_that_does_not_fit_takes_nothing() {
        let mut pool = pool();
        assert!(pool.push(1, &[7; 30]).is_some());
        assert!(pool.push(1, b"x").is_none());
        assert_eq!(pool.remove(&[1]), 1);
        assert_eq!(pool.free_chunks(), CHUNKS);
        assert!(pool.push(1, &[7; CHUNKS * BYTES + 1]).is_none());
        assert!(pool.push(1, &[7; CHUNKS * BYTES]).is_some());
        assert_eq!(pool.free_chunks(), 0);
    }

    #[test]
    fn a_place_knows_whether_its_record_is_gone() {
        let mut pool = pool();
        let first = pool.push(1, b"first").unwrap();
        let second = pool.push(1, b"second").unwrap();
        assert!(pool.withdraw(first));
        assert!(!pool.holds(first) && pool.holds(second));
        // The chunk of the first is used again, by another record.
        let third = pool.push(1, b"third").unwrap();
        assert!(!pool.holds(first) && pool.holds(third));
        assert!(!pool.withdraw(first));
        assert_eq!(texts(&pool.peek(None, 1000)), ["second", "third"]);
    }

    #[test]
    fn databases_do_not_see_each_other() {
        let mut pool = pool();
        pool.push(1, b"one").unwrap();
        pool.push(2, b"two").unwrap();
        pool.push(1, b"eins").unwrap();
        assert_eq!(texts(&pool.peek(Some(2), 1000)), ["two"]);
        let seqs: Vec<_> = pool.peek(Some(1), 1000).iter().map(|record| record.seq).collect();
        assert_eq!(pool.remove(&seqs), 2);
        assert!(!pool.has(1) && pool.has(2));
        assert_eq!(texts(&pool.peek(None, 1000)), ["two"]);
    }

    #[test]
    fn a_batch_is_bounded_but_never_empty() {
        let mut pool = pool();
        for text in ["eight888", "b", "c"] {
            pool.push(1, text.as_bytes()).unwrap();
        }
        assert_eq!(texts(&pool.peek(Some(1), 2)), ["eight888"]);
        assert_eq!(texts(&pool.peek(Some(1), 9)), ["eight888", "b"]);
    }

    #[test]
    fn the_last_record_can_be_removed_first() {
        let mut pool = pool();
        pool.push(1, b"a").unwrap();
        pool.push(1, b"b").unwrap();
        assert_eq!(pool.remove(&[2, 9]), 1);
        pool.push(1, b"c").unwrap();
        assert_eq!(texts(&pool.peek(None, 1000)), ["a", "c"]);
        assert_eq!(pool.remove(&[1, 2, 3]), 2);
        assert_eq!(pool.len(), 0);
        pool.push(1, b"d").unwrap();
        assert_eq!(texts(&pool.peek(None, 1000)), ["d"]);
    }

    #[test]
    fn no_chunk_is_lost_over_many_rounds() {
        let mut pool = pool();
        let mut random = 1u32;
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) as usize
        };
        for _ in 0..5000 {
            let used: usize = pool
                .peek(None, usize::MAX)
                .iter()
                .map(|r| r.text.len().div_ceil(BYTES))
                .sum();
            assert_eq!(used + pool.free_chunks(), CHUNKS);
            if next() % 2 == 0 {
                let text = vec![b'x'; next() % 13 + 1];
                let fits = text.len().div_ceil(BYTES) <= pool.free_chunks();
                assert_eq!(pool.push((next() % 3) as u32, &text).is_some(), fits);
            } else {
                let all = pool.peek(Some((next() % 3) as u32), next() % 20);
                let seqs: Vec<_> = all.iter().map(|record| record.seq).collect();
                assert_eq!(pool.remove(&seqs), seqs.len());
            }
        }
    }

    #[test]
    fn nonsense_in_memory_neither_panics_nor_loops() {
        let mut pool = pool();
        pool.push(1, b"abcdefgh").unwrap();
        pool.push(1, b"z").unwrap();
        // The queue and a chain bite their own tails, and a length lies.
        pool.chunks[2].next_record = 1;
        pool.chunks[1].next_chunk = 1;
        pool.chunks[2].length = 999;
        pool.chunks[0].length = 99;
        assert!(pool.peek(None, usize::MAX).len() <= CHUNKS);
        pool.remove(&[1, 2]);
        pool.first = 4_000_000_000;
        assert!(pool.peek(None, usize::MAX).is_empty());
    }
}
