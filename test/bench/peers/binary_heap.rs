//! std::collections::BinaryHeap with a sequence number, so that equal times come out first in, first out.
//! The hold model: see test/bench/hold.ts. Prints operations per second, the median of batches.
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

const GAPS: usize = 1 << 16;

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    time_us: u64,
    sequence: u64,
    kind: i32,
    a: i32,
    b: i32,
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let numbers: Vec<u64> = std::fs::read(&args[1])
        .expect("the load")
        .chunks_exact(8)
        .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()) as u64)
        .collect();
    let pending: usize = args[2].parse().expect("how many are pending");
    let batch: usize = args[3].parse().expect("how many are a batch");
    let (firsts, gaps) = numbers.split_at(pending);

    let mut heap = BinaryHeap::new();
    let mut sequence = 0;
    for (i, &time_us) in firsts.iter().enumerate() {
        heap.push(Reverse(Event { time_us, sequence, kind: 0, a: i as i32, b: 0 }));
        sequence += 1;
    }
    let mut seconds = Vec::new();
    let mut next = 0;
    while seconds.iter().sum::<f64>() < 0.6 || seconds.len() < 20 {
        let start = Instant::now();
        for _ in 0..batch {
            next = (next + 1) & (GAPS - 1);
            let Reverse(mut event) = heap.pop().unwrap();
            event.time_us += gaps[next];
            event.sequence = sequence;
            sequence += 1;
            heap.push(Reverse(event));
        }
        seconds.push(start.elapsed().as_secs_f64());
    }
    // The first batches warm up.
    seconds.drain(..4);
    seconds.sort_by(f64::total_cmp);
    println!("{:.0}", batch as f64 / seconds[seconds.len() / 2]);
}
