// The usual Node stack: node:http, WeCom's own @wecom/crypto and the mongodb driver, one insert
// per callback.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { decrypt, getSignature } from "@wecom/crypto";
import { MongoClient } from "mongodb";

const [port, mongoUrl, database, token, aesKey, receiveId] = process.argv.slice(2);
const client = await new MongoClient(mongoUrl, { writeConcern: { w: "majority" } }).connect();
const inbox = client.db(database).collection("inbox");

async function callback(url, body) {
  const query = new URL(url, "http://localhost").searchParams;
  const encrypt = /<Encrypt>(?:<!\[CDATA\[)?([^\]<]+)/.exec(body)?.[1] ?? "";
  const signature = getSignature(token, query.get("timestamp"), query.get("nonce"), encrypt);
  if (signature !== query.get("msg_signature")) return 403;
  const { message, id } = decrypt(aesKey, encrypt);
  if (id !== receiveId) return 403;
  const _id = createHash("sha256").update(message).digest("hex");
  try {
    await inbox.insertOne({ _id, xml: message, state: "new", received_at: new Date() });
  } catch (error) {
    if (error.code !== 11000) return 503;
  }
  return 200;
}

createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", async () => {
    const status = await callback(request.url, Buffer.concat(parts).toString());
    response.writeHead(status, { "Content-Length": 0 }).end();
  });
}).listen(Number(port), "127.0.0.1");
