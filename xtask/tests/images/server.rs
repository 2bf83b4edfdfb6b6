//! A registry on this machine that answers as it is told.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub authorization: Option<String>,
}

/// What is answered.
pub enum Answer {
    /// Status, headers and body. The body of an answer to HEAD is not sent.
    Whole(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// A body without end.
    Endless(Vec<(&'static str, String)>),
    /// Nothing, for so long.
    Silence(Duration),
}

type Handler = dyn Fn(&Request, &str) -> Answer + Send + Sync;

pub struct Server {
    /// `127.0.0.1:port`.
    pub host: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// `handler` gets each request, and the server's own host. It runs as long as the test program.
    pub fn start(handler: impl Fn(&Request, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, own) = (Arc::clone(&requests), host.clone());
        let handler: Arc<Handler> = Arc::new(handler);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (handler, seen, own) = (Arc::clone(&handler), Arc::clone(&seen), own.clone());
                thread::spawn(move || serve(stream.unwrap(), &*handler, &seen, &own));
            }
        });
        Self { host, requests }
    }

    /// What was asked so far: `METHOD path`.
    pub fn asked(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|one| format!("{} {}", one.method, one.path)).collect()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// One request, after which the connection is closed.
fn serve(mut stream: TcpStream, handler: &Handler, seen: &Mutex<Vec<Request>>, own: &str) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    // What is no text is no HTTP.
    let Some(Ok(first)) = lines.next() else { return };
    let mut words = first.split(' ').map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return };
    let mut request = Request { method, path, authorization: None };
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("authorization")
        {
            request.authorization = Some(value.to_owned());
        }
    }
    seen.lock().unwrap().push(request.clone());
    let head = |status: u16, headers: &[(&str, String)]| {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let headers = headers.concat();
        format!(
            "HTTP/1.1 {status} x\r\nDate: Tue, 01 Dec 2026 10:00:00 GMT\r\nConnection: close\r\n{headers}"
        )
    };
    // A client that has heard enough hangs up.
    let _ = match handler(&request, own) {
        Answer::Whole(status, headers, body) => {
            let head = head(status, &headers) + &format!("Content-Length: {}\r\n\r\n", body.len());
            let body = if request.method == "HEAD" { Vec::new() } else { body };
            stream.write_all(&[head.into_bytes(), body].concat())
        }
        Answer::Endless(headers) => {
            let head = head(200, &headers) + "\r\n";
            let mut sent = stream.write_all(head.as_bytes());
            while sent.is_ok() {
                sent = stream.write_all(&[b' '; 8192]);
            }
            sent
        }
        Answer::Silence(time) => {
            thread::sleep(time);
            Ok(())
        }
    };
}
