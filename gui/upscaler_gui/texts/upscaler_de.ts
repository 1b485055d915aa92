<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>Cards</name>
    <message>
        <source>Purpose</source>
        <translation>Zweck</translation>
    </message>
    <message>
        <source>Scales</source>
        <translation>Vergrößerungen</translation>
    </message>
    <message>
        <source>any</source>
        <translation>beliebig</translation>
    </message>
    <message>
        <source>Quality (Set5, PSNR-Y)</source>
        <translation>Güte (Set5, PSNR-Y)</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>Multiply-adds (256×256)</source>
        <translation>Rechenschritte (256×256)</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <source> (commercial use allowed)</source>
        <translation> (gewerbliche Nutzung erlaubt)</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>about {pace:.1f} s per megapixel here</source>
        <translation>hier etwa {pace:.1f} s je Megapixel</translation>
    </message>
    <message>
        <source>{time:g} × the time of span</source>
        <translation>{time:g}-mal so lange wie span</translation>
    </message>
    <message>
        <source>on this machine</source>
        <translation>auf diesem Rechner</translation>
    </message>
    <message>
        <source>to be downloaded</source>
        <translation>muss geladen werden</translation>
    </message>
    <message>
        <source>cannot be had</source>
        <translation>nicht zu bekommen</translation>
    </message>
    <message>
        <source>By</source>
        <translation>Von</translation>
    </message>
    <message>
        <source>Paper</source>
        <translation>Veröffentlichung</translation>
    </message>
</context>
<context>
    <name>CompareDialog</name>
    <message>
        <source>Compare models</source>
        <translation>Modelle vergleichen</translation>
    </message>
    <message>
        <source>Zoom and place are shared. Choose models above the pictures.</source>
        <translation>Alle Bilder zeigen dieselbe Stelle gleich groß. Die Modelle werden über den Bildern gewählt.</translation>
    </message>
    <message>
        <source>waiting…</source>
        <translation>wartet …</translation>
    </message>
    <message>
        <source>running…</source>
        <translation>läuft …</translation>
    </message>
    <message>
        <source>downloading: {share}</source>
        <translation>wird geladen: {share}</translation>
    </message>
    <message>
        <source>{seconds:.1f} s here</source>
        <translation>{seconds:.1f} s für diese Stelle</translation>
    </message>
    <message>
        <source>, about {time} for the queue</source>
        <translation>, etwa {time} für die ganze Liste</translation>
    </message>
</context>
<context>
    <name>EngineLink</name>
    <message>
        <source>It was stopped.</source>
        <translation>Abgebrochen.</translation>
    </message>
    <message>
        <source>The engine stopped unexpectedly, perhaps for lack of memory; start again to go on from there.</source>
        <translation>Der rechnende Prozess ist unerwartet beendet worden, vielleicht aus Mangel an Speicher; ein neuer Start macht dort weiter.</translation>
    </message>
</context>
<context>
    <name>HistoryDialog</name>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Past jobs</source>
        <translation>Frühere Aufträge</translation>
    </message>
    <message>
        <source>A double click opens the folder of the results.</source>
        <translation>Ein Doppelklick öffnet den Ordner mit den Ergebnissen.</translation>
    </message>
    <message>
        <source>No job has run yet.</source>
        <translation>Bisher ist kein Auftrag gelaufen.</translation>
    </message>
    <message>
        <source>Enlarge again</source>
        <translation>Noch einmal vergrößern</translation>
    </message>
    <message>
        <source>Put the files of this job into the queue, for the settings chosen now</source>
        <translation>Die Dateien dieses Auftrags in die Liste nehmen, für die jetzt gewählten Einstellungen</translation>
    </message>
</context>
<context>
    <name>Images</name>
    <message>
        <source>{name} is a film or an animation; these are enlarged without a preview.</source>
        <translation>{name} ist ein Film oder eine Animation; diese werden ohne Vorschau vergrößert.</translation>
    </message>
    <message>
        <source>{name} is too large to be shown here; it can be enlarged all the same.</source>
        <translation>{name} ist zu groß, um hier gezeigt zu werden; vergrößert werden kann es trotzdem.</translation>
    </message>
</context>
<context>
    <name>JobController</name>
    <message>
        <source>Looking at the files…</source>
        <translation>Die Dateien werden angesehen …</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Stopping after this tile…</source>
        <translation>Wird nach dieser Kachel beendet …</translation>
    </message>
    <message>
        <source>Loading the model…</source>
        <translation>Das Modell wird geladen …</translation>
    </message>
    <message>
        <source>Downloading {name}: {share}</source>
        <translation>{name} wird heruntergeladen: {share}</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Queue</source>
        <translation>Liste</translation>
    </message>
    <message>
        <source>Drop pictures, films or folders here

or paste a picture, or press Ctrl+O to open files</source>
        <translation>Bilder, Filme oder Ordner hier ablegen

oder ein Bild einfügen, oder mit Strg+O Dateien öffnen</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Start</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pause</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>Vorschau</translation>
    </message>
    <message>
        <source>Progress of the whole queue</source>
        <translation>Fortschritt der ganzen Liste</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>Einpassen</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Open files…</source>
        <translation>Dateien ö&amp;ffnen …</translation>
    </message>
    <message>
        <source>Open &amp;folder…</source>
        <translation>&amp;Ordner öffnen …</translation>
    </message>
    <message>
        <source>&amp;Start</source>
        <translation>&amp;Start</translation>
    </message>
    <message>
        <source>&amp;History…</source>
        <translation>&amp;Verlauf …</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>Enlarge what is in view, before the run</source>
        <translation>Den sichtbaren Ausschnitt vorab vergrößern</translation>
    </message>
    <message>
        <source>Compare…</source>
        <translation>Vergleichen …</translation>
    </message>
    <message>
        <source>Up to four models on what is in view</source>
        <translation>Bis zu vier Modelle am sichtbaren Ausschnitt</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>Pa&amp;use or resume</source>
        <translation>&amp;Anhalten oder fortsetzen</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>Abbre&amp;chen</translation>
    </message>
    <message>
        <source>&amp;Paste picture or files</source>
        <translation>Bild oder Dateien &amp;einfügen</translation>
    </message>
    <message>
        <source>&amp;Try again</source>
        <translation>E&amp;rneut versuchen</translation>
    </message>
    <message>
        <source>&amp;Enlarge again</source>
        <translation>&amp;Noch einmal vergrößern</translation>
    </message>
    <message>
        <source>&amp;Show in folder</source>
        <translation>Im &amp;Ordner zeigen</translation>
    </message>
    <message>
        <source>&amp;Remove from queue</source>
        <translation>Aus der &amp;Liste nehmen</translation>
    </message>
    <message>
        <source>Clear &amp;finished</source>
        <translation>&amp;Fertige aus der Liste nehmen</translation>
    </message>
    <message>
        <source>&amp;Preview what is in view</source>
        <translation>&amp;Vorschau des Ausschnitts</translation>
    </message>
    <message>
        <source>&amp;Compare models…</source>
        <translation>&amp;Modelle vergleichen …</translation>
    </message>
    <message>
        <source>&amp;Fit</source>
        <translation>&amp;Einpassen</translation>
    </message>
    <message>
        <source>&amp;100 %</source>
        <translation>&amp;100 %</translation>
    </message>
    <message>
        <source>&amp;200 %</source>
        <translation>&amp;200 %</translation>
    </message>
    <message>
        <source>&amp;Larger</source>
        <translation>&amp;Größer</translation>
    </message>
    <message>
        <source>S&amp;maller</source>
        <translation>&amp;Kleiner</translation>
    </message>
    <message>
        <source>Slider to the l&amp;eft</source>
        <translation>Regler nach &amp;links</translation>
    </message>
    <message>
        <source>Slider to the &amp;right</source>
        <translation>Regler nach &amp;rechts</translation>
    </message>
    <message>
        <source>Preview &amp;by itself</source>
        <translation>Vorschau von &amp;selbst</translation>
    </message>
    <message>
        <source>&amp;Notify when the job has ended</source>
        <translation>&amp;Hinweis am Ende des Auftrags</translation>
    </message>
    <message>
        <source>&amp;Copy a report of the last job</source>
        <translation>&amp;Bericht über den letzten Auftrag kopieren</translation>
    </message>
    <message>
        <source>There was no picture or film in what you gave.</source>
        <translation>Darin war weder ein Bild noch ein Film.</translation>
    </message>
    <message>
        <source>{count} more: they follow when these are done.</source>
        <translation>{count} dazu: Sie folgen, sobald diese fertig sind.</translation>
    </message>
    <message>
        <source>Only files and pictures can be dropped here.</source>
        <translation>Nur Dateien und Bilder können hier abgelegt werden.</translation>
    </message>
    <message>
        <source>Open files</source>
        <translation>Dateien öffnen</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>Ordner öffnen</translation>
    </message>
    <message>
        <source>What the running job will do stays in the queue until it has ended.</source>
        <translation>Was zum laufenden Auftrag gehört, bleibt bis zu dessen Ende in der Liste.</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Enlarge again</source>
        <translation>Noch einmal vergrößern</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>Im Ordner zeigen</translation>
    </message>
    <message>
        <source>Remove from queue</source>
        <translation>Aus der Liste nehmen</translation>
    </message>
    <message>
        <source>None of these files is there to be enlarged again.</source>
        <translation>Keine dieser Dateien ist noch da.</translation>
    </message>
    <message>
        <source>Again in the queue: {count}. Their old results will be replaced.</source>
        <translation>Wieder in der Liste: {count}. Die alten Ergebnisse werden ersetzt.</translation>
    </message>
    <message>
        <source>Again in the queue: {count}. Their old results are kept, and the new ones written beside them.</source>
        <translation>Wieder in der Liste: {count}. Die alten Ergebnisse bleiben, die neuen kommen daneben.</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>noch {time}</translation>
    </message>
    <message>
        <source>The report is in the clipboard; it names no files.</source>
        <translation>Der Bericht liegt in der Zwischenablage; er nennt keine Dateien.</translation>
    </message>
    <message>
        <source>Still working</source>
        <translation>Noch bei der Arbeit</translation>
    </message>
    <message>
        <source>Stop the work and close? Finished files stay; the same files dropped again go on from there.</source>
        <translation>Arbeit abbrechen und schließen? Fertige Dateien bleiben; wer dieselben Dateien wieder ablegt, macht dort weiter.</translation>
    </message>
</context>
<context>
    <name>ModelDialog</name>
    <message>
        <source>Choose a model</source>
        <translation>Modell wählen</translation>
    </message>
    <message>
        <source>Search name, purpose or licence</source>
        <translation>Name, Zweck oder Lizenz suchen</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Card of the model</source>
        <translation>Karte des Modells</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>Automatic: the best for the scale and your preference</source>
        <translation>Automatisch: das beste für Vergrößerung und Vorliebe</translation>
    </message>
    <message>
        <source>The program takes the best model for the scale, and says which and why.</source>
        <translation>Das Programm nimmt das beste Modell für die Vergrößerung und sagt, welches und warum.</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>{name} is here.</source>
        <translation>{name} ist da.</translation>
    </message>
</context>
<context>
    <name>Pane</name>
    <message>
        <source>(none)</source>
        <translation>(keines)</translation>
    </message>
    <message>
        <source>{name} (to be downloaded)</source>
        <translation>{name} (muss geladen werden)</translation>
    </message>
    <message>
        <source>Model {number}</source>
        <translation>Modell {number}</translation>
    </message>
    <message>
        <source>Use this one</source>
        <translation>Dieses nehmen</translation>
    </message>
</context>
<context>
    <name>PlanController</name>
    <message>
        <source>Downloading {name}: {share}</source>
        <translation>{name} wird heruntergeladen: {share}</translation>
    </message>
</context>
<context>
    <name>PreviewController</name>
    <message>
        <source>Before and after are shown here</source>
        <translation>Hier erscheint das Bild vorher und nachher</translation>
    </message>
    <message>
        <source>Enlarging what is in view…</source>
        <translation>Der sichtbare Ausschnitt wird vergrößert …</translation>
    </message>
    <message>
        <source>Downloading {name}: {share}</source>
        <translation>{name} wird heruntergeladen: {share}</translation>
    </message>
    <message>
        <source>Preview by {model}: {seconds:.1f} s</source>
        <translation>Vorschau mit {model}: {seconds:.1f} s</translation>
    </message>
</context>
<context>
    <name>Queue</name>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>skipped</source>
        <translation>übersprungen</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>misslungen</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>abgebrochen</translation>
    </message>
    <message>
        <source>preparing</source>
        <translation>Vorbereitung</translation>
    </message>
    <message>
        <source>writing</source>
        <translation>wird gesichert</translation>
    </message>
    <message>
        <source>frame {done} of {total}</source>
        <translation>Einzelbild {done} von {total}</translation>
    </message>
    <message>
        <source>tile {done} of {total}</source>
        <translation>Kachel {done} von {total}</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Stand</translation>
    </message>
</context>
<context>
    <name>Sentences</name>
    <message>
        <source>There is no file or folder {path}.</source>
        <translation>{path} gibt es nicht.</translation>
    </message>
    <message>
        <source>{file} is not there.</source>
        <translation>{file} ist nicht da.</translation>
    </message>
    <message>
        <source>{file} is empty; it was left out.</source>
        <translation>{file} ist leer und wurde ausgelassen.</translation>
    </message>
    <message>
        <source>{file} is not a picture: it begins with {begin}; it was left out.</source>
        <translation>{file} ist kein Bild: am Anfang steht {begin}. Die Datei wurde ausgelassen.</translation>
    </message>
    <message>
        <source>{file} ends in the middle of the picture; it was left out.</source>
        <translation>{file} endet mitten im Bild und wurde ausgelassen.</translation>
    </message>
    <message>
        <source>{file} is damaged and cannot be decoded; it was left out.</source>
        <translation>{file} ist beschädigt, lässt sich nicht lesen und wurde ausgelassen.</translation>
    </message>
    <message>
        <source>{file} cannot be read: {error}.</source>
        <translation>{file} lässt sich nicht lesen: {error}.</translation>
    </message>
    <message>
        <source>{file} claims {size} pixels, more than the limit of {limit} megapixels; --max-megapixels raises it if you trust the file.</source>
        <translation>{file} gibt {size} Pixel an, mehr als die Grenze von {limit} Megapixeln; auf der Befehlszeile hebt --max-megapixels sie an, wenn Sie der Datei trauen.</translation>
    </message>
    <message>
        <source>{file} was left out: {why}</source>
        <translation>{file} wurde ausgelassen: {why}</translation>
    </message>
    <message>
        <source>{format} holds at most {most} pixels a side, and the result would have {size}; choose another format (-f png, -f tiff) or a smaller scale.</source>
        <translation>{format} fasst höchstens {most} Pixel je Seite, und das Ergebnis hätte {size}; wählen Sie ein anderes Format (PNG, TIFF) oder eine kleinere Vergrößerung.</translation>
    </message>
    <message>
        <source>{file} has changed since the job was planned; it was left out.</source>
        <translation>{file} hat sich seit der Planung geändert und wurde ausgelassen.</translation>
    </message>
    <message>
        <source>{file} cannot be opened as a film: its header is missing or damaged ({error}); copy it again from where it came, or repair it. It was left out.</source>
        <translation>{file} lässt sich nicht als Film öffnen: der Kopf der Datei fehlt oder ist beschädigt ({error}). Kopieren Sie sie neu, oder reparieren Sie sie. Sie wurde ausgelassen.</translation>
    </message>
    <message>
        <source>{output} exists and was made from another input or with other settings: {file} was left out. --exists overwrite replaces it, --exists rename writes beside it.</source>
        <translation>{output} gibt es schon, aus einer anderen Datei oder mit anderen Einstellungen: {file} wurde ausgelassen. Unter „Vorhandene“ lässt sich wählen, ob ersetzt oder daneben geschrieben wird.</translation>
    </message>
    <message>
        <source>{output} exists and is not ours: {file} was left out. --exists overwrite replaces it, --exists rename writes beside it.</source>
        <translation>{output} gibt es schon und stammt nicht von hier: {file} wurde ausgelassen. Unter „Vorhandene“ lässt sich wählen, ob ersetzt oder daneben geschrieben wird.</translation>
    </message>
    <message>
        <source>{output} is there already, made from this input with these settings.</source>
        <translation>{output} ist schon da, aus dieser Datei mit diesen Einstellungen.</translation>
    </message>
    <message>
        <source>{output} is a folder: {file} cannot be written there.</source>
        <translation>{output} ist ein Ordner: {file} kann nicht dorthin geschrieben werden.</translation>
    </message>
    <message>
        <source>{path} cannot be written: {error}.</source>
        <translation>{path} lässt sich nicht schreiben: {error}.</translation>
    </message>
    <message>
        <source>{path} is a file, so nothing can be written below it; choose another output folder.</source>
        <translation>{path} ist eine Datei, darunter lässt sich nichts schreiben; wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>Nothing can be written into {path}; choose another output folder with -o.</source>
        <translation>In {path} lässt sich nichts schreiben; wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>No room on the disk of {folder}: about {needed} needed for {file}, {free} free. {done} of {all} are done; the same command goes on from there.</source>
        <translation>Kein Platz auf dem Laufwerk von {folder}: etwa {needed} nötig für {file}, {free} frei. {done} von {all} sind fertig; ein neuer Start macht dort weiter.</translation>
    </message>
    <message>
        <source>About {size} GB will be written to {folder}, where {free} GB are free.</source>
        <translation>Etwa {size} GB werden nach {folder} geschrieben, wo {free} GB frei sind.</translation>
    </message>
    <message>
        <source>{format} has no transparency: the picture is laid on {colour}.</source>
        <translation>{format} kennt keine Transparenz: das Bild wird auf {colour} gelegt.</translation>
    </message>
    <message>
        <source>{format} is written with {bits} here: the source&apos;s {more} are reduced.</source>
        <translation>{format} wird hier mit {bits} geschrieben: {more} der Vorlage werden verringert.</translation>
    </message>
    <message>
        <source>{format} is written without its colour profile: colours may look different; png keeps it.</source>
        <translation>{format} wird ohne das Farbprofil geschrieben: Farben können anders aussehen; PNG behält es.</translation>
    </message>
    <message>
        <source>{format} is written without EXIF and XMP here; png, jpg, webp and tiff keep them.</source>
        <translation>{format} wird hier ohne EXIF und XMP geschrieben; PNG, JPG, WebP und TIFF behalten sie.</translation>
    </message>
    <message>
        <source>{format} cannot be written without loss here; png, tiff, webp and jxl can.</source>
        <translation>{format} lässt sich hier nicht verlustfrei schreiben; PNG, TIFF, WebP und JXL schon.</translation>
    </message>
    <message>
        <source>{what} does not fit into the memory of {device}; going on with {instead} (finished tiles are kept).</source>
        <translation>{what} passt nicht in den Speicher von {device}; weiter mit {instead} (fertige Kacheln bleiben).</translation>
    </message>
    <message>
        <source>{what} do not fit into the memory of {device}; going on with {instead} (finished tiles are kept).</source>
        <translation>{what} passen nicht in den Speicher von {device}; weiter mit {instead} (fertige Kacheln bleiben).</translation>
    </message>
    <message>
        <source>{why}; going on with the CPU (finished tiles are kept).</source>
        <translation>{why}; weiter mit dem Prozessor (fertige Kacheln bleiben).</translation>
    </message>
    <message>
        <source>Not even a tile of {size} pixels fits into the memory that is free; close other programs, or take a smaller model.</source>
        <translation>Nicht einmal eine Kachel von {size} Pixeln passt in den freien Speicher; schließen Sie andere Programme, oder nehmen Sie ein kleineres Modell.</translation>
    </message>
    <message>
        <source>The tile at row {row}, column {column} overflowed in half precision and was computed in fp32.</source>
        <translation>Die Kachel bei Zeile {row}, Spalte {column} überstieg die halbe Genauigkeit und wurde in fp32 gerechnet.</translation>
    </message>
    <message>
        <source>There is no device {device} here; there is {here}.</source>
        <translation>Das Gerät {device} gibt es hier nicht; es gibt {here}.</translation>
    </message>
    <message>
        <source>{file} does not fit into memory; --memory and a smaller --tile may help.</source>
        <translation>{file} passt nicht in den Speicher; eine kleinere Kachel kann helfen.</translation>
    </message>
    <message>
        <source>{file} could not be enlarged ({error}).</source>
        <translation>{file} konnte nicht vergrößert werden ({error}).</translation>
    </message>
    <message>
        <source>Stopped: {done} of {all} are done, nothing is half done, and the same command goes on from there.</source>
        <translation>Angehalten: {done} von {all} sind fertig, nichts ist halb fertig, und ein neuer Start macht dort weiter.</translation>
    </message>
    <message>
        <source>The download was stopped; it goes on from there the next time.</source>
        <translation>Das Laden wurde angehalten; beim nächsten Mal geht es dort weiter.</translation>
    </message>
    <message>
        <source>{model} needs {file}, which cannot be had: {why}. Save it from {page} and run `upscaler models import FILE`.</source>
        <translation>{model} braucht {file}, und die Datei ist nicht zu bekommen: {why}. Speichern Sie sie von {page}, und rufen Sie `upscaler models import FILE` auf.</translation>
    </message>
    <message>
        <source>{model} needs {file}, which cannot be had: {why}.</source>
        <translation>{model} braucht {file}, und die Datei ist nicht zu bekommen: {why}.</translation>
    </message>
    <message>
        <source>No room on the disk of {folder} for weights; make room, or move it with UPSCALER_HOME.</source>
        <translation>Kein Platz für Gewichte auf dem Laufwerk von {folder}; schaffen Sie Platz, oder verlegen Sie den Ordner mit UPSCALER_HOME.</translation>
    </message>
    <message>
        <source>There is no model {name}; `upscaler models list` shows what there is.</source>
        <translation>Das Modell {name} gibt es nicht; die Liste der Modelle zeigt, was es gibt.</translation>
    </message>
    <message>
        <source>The licence of {model} ({licence}) does not certainly allow commercial use; -m auto --commercial takes a model whose licence does.</source>
        <translation>Die Lizenz von {model} ({licence}) erlaubt die gewerbliche Nutzung nicht mit Sicherheit; „Automatisch“ nimmt ein Modell, dessen Lizenz es tut.</translation>
    </message>
    <message>
        <source>{model} has {scales}; x{scale} is made by running {how}.</source>
        <translation>{model} kann {scales}; x{scale} entsteht durch {how}.</translation>
    </message>
    <message>
        <source>{which} at x{scale} whose weights can be had, for commercial use, {quality} dB on Set5</source>
        <translation>{which} für x{scale}, dessen Gewichte zu haben sind, für gewerbliche Nutzung, {quality} dB auf Set5</translation>
    </message>
    <message>
        <source>{which} at x{scale} whose weights can be had, {quality} dB on Set5</source>
        <translation>{which} für x{scale}, dessen Gewichte zu haben sind, {quality} dB auf Set5</translation>
    </message>
    <message>
        <source>it comes with the program; no better model&apos;s weights can be had</source>
        <translation>es kommt mit dem Programm; Gewichte eines besseren sind nicht zu haben</translation>
    </message>
    <message>
        <source>it comes with the program; no better model&apos;s weights can be had; {model} could not be fetched</source>
        <translation>es kommt mit dem Programm; Gewichte eines besseren sind nicht zu haben; {model} konnte nicht geladen werden</translation>
    </message>
    <message>
        <source>{why}; {model} could not be fetched</source>
        <translation>{why}; {model} konnte nicht geladen werden</translation>
    </message>
    <message>
        <source>the bytes {bytes}</source>
        <translation>die Bytefolge {bytes}</translation>
    </message>
    <message>
        <source>text (&quot;{text}&quot;)</source>
        <translation>Text („{text}“)</translation>
    </message>
    <message>
        <source>8 bit</source>
        <translation>8 Bit</translation>
    </message>
    <message>
        <source>16 bit</source>
        <translation>16 Bit</translation>
    </message>
    <message>
        <source>A tile of {size} pixels</source>
        <translation>Eine Kachel von {size} Pixeln</translation>
    </message>
    <message>
        <source>tiles of about {size}</source>
        <translation>Kacheln von etwa {size}</translation>
    </message>
    <message>
        <source>{count} tiles of {size} pixels at once</source>
        <translation>{count} Kacheln von {size} Pixeln auf einmal</translation>
    </message>
    <message>
        <source>{count} at once</source>
        <translation>{count} auf einmal</translation>
    </message>
    <message>
        <source>Not even a tile of {size} pixels fits into {device}</source>
        <translation>Nicht einmal eine Kachel von {size} Pixeln passt in {device}</translation>
    </message>
    <message>
        <source>downloads are switched off (offline)</source>
        <translation>das Laden aus dem Netz ist abgeschaltet (offline)</translation>
    </message>
    <message>
        <source>{host} cannot be reached</source>
        <translation>{host} ist nicht erreichbar</translation>
    </message>
    <message>
        <source>{file} is not the file that the manifest names (SHA-256 {found}, expected {wanted}); it was set aside as {aside}</source>
        <translation>{file} ist nicht die Datei, die in der Liste steht (SHA-256 {found}, erwartet {wanted}); sie liegt jetzt beiseite als {aside}</translation>
    </message>
    <message>
        <source>{scale} only</source>
        <translation>nur {scale}</translation>
    </message>
    <message>
        <source>{steps} and reducing</source>
        <translation>{steps} und Verkleinern</translation>
    </message>
    <message>
        <source>x{scales} and x{last}</source>
        <translation>x{scales} und x{last}</translation>
    </message>
    <message>
        <source>{steps}, then {last}</source>
        <translation>{steps}, dann {last}</translation>
    </message>
    <message>
        <source>the best of the fastest models</source>
        <translation>das beste der schnellsten Modelle</translation>
    </message>
    <message>
        <source>the best quality</source>
        <translation>das Modell der besten Güte</translation>
    </message>
    <message>
        <source>the best of those with the fewest multiply-adds</source>
        <translation>das beste Modell mit wenig Rechenschritten</translation>
    </message>
    <message>
        <source>the best of the smallest models</source>
        <translation>das beste der kleinsten Modelle</translation>
    </message>
</context>
<context>
    <name>SettingsPanel</name>
    <message>
        <source>Commercial use allowed only</source>
        <translation>Nur für gewerbliche Nutzung</translation>
    </message>
    <message>
        <source>Lose nothing</source>
        <translation>Ohne Verlust</translation>
    </message>
    <message>
        <source>Leave out metadata</source>
        <translation>Metadaten weglassen</translation>
    </message>
    <message>
        <source>Exact tiles for every network (slower)</source>
        <translation>Immer exakte Kacheln (langsamer)</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>Little arithmetic</source>
        <translation>Wenig Rechenaufwand</translation>
    </message>
    <message>
        <source>Little memory</source>
        <translation>Wenig Speicher</translation>
    </message>
    <message>
        <source>Times larger</source>
        <translation>So viel Mal größer</translation>
    </message>
    <message>
        <source>Width in pixels</source>
        <translation>Breite in Pixeln</translation>
    </message>
    <message>
        <source>Height in pixels</source>
        <translation>Höhe in Pixeln</translation>
    </message>
    <message>
        <source>Longer side in pixels</source>
        <translation>Längere Seite in Pixeln</translation>
    </message>
    <message>
        <source>Megapixels</source>
        <translation>Megapixel</translation>
    </message>
    <message>
        <source>As the input</source>
        <translation>Wie die Vorlage</translation>
    </message>
    <message>
        <source>95 or visually lossless</source>
        <translation>95 oder sichtbar ohne Verlust</translation>
    </message>
    <message>
        <source>Keep; skip what is done</source>
        <translation>Behalten, Fertiges auslassen</translation>
    </message>
    <message>
        <source>Keep; write beside them</source>
        <translation>Behalten, daneben schreiben</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>Ersetzen</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>“upscaled” beside the inputs</source>
        <translation>„upscaled“ bei den Vorlagen</translation>
    </message>
    <message>
        <source>May hold {stem}, {scale}, {model}, {n} and {parent}</source>
        <translation>Darf {stem}, {scale}, {model}, {n} und {parent} enthalten</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Make it</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>Ausgabe</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Choose folder</source>
        <translation>Ordner wählen</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Existing</source>
        <translation>Vorhandene</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>Erweitert</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>Tile</source>
        <translation>Kachel</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>Sichern …</translation>
    </message>
    <message>
        <source>Save as preset</source>
        <translation>Als Vorgabe sichern</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>Vorgaben</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>Modell wählen</translation>
    </message>
    <message>
        <source>Automatic by</source>
        <translation>Automatisch nach</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Wählen …</translation>
    </message>
    <message>
        <source>Name:</source>
        <translation>Name:</translation>
    </message>
    <message>
        <source>Output folder</source>
        <translation>Ausgabeordner</translation>
    </message>
</context>
<context>
    <name>Summary</name>
    <message>
        <source>Nothing to do: see the rows</source>
        <translation>Nichts zu tun: siehe Liste</translation>
    </message>
    <message>
        <source>1 file</source>
        <translation>1 Datei</translation>
    </message>
    <message>
        <source>{count} files</source>
        <translation>{count} Dateien</translation>
    </message>
    <message>
        <source>{count} megapixels in all</source>
        <translation>zusammen {count} Megapixel</translation>
    </message>
    <message>
        <source>{count} done</source>
        <translation>{count} fertig</translation>
    </message>
    <message>
        <source>{count} skipped</source>
        <translation>{count} übersprungen</translation>
    </message>
    <message>
        <source>{count} failed</source>
        <translation>{count} misslungen</translation>
    </message>
    <message>
        <source>in {time}</source>
        <translation>in {time}</translation>
    </message>
    <message>
        <source>about {time}</source>
        <translation>etwa {time}</translation>
    </message>
</context>
<context>
    <name>Viewer</name>
    <message>
        <source>Picture before and after</source>
        <translation>Bild vorher und nachher</translation>
    </message>
    <message>
        <source>zoom {zoom:.0%}, slider at {split:.0%}</source>
        <translation>Zoom {zoom:.0%}, Regler bei {split:.0%}</translation>
    </message>
    <message>
        <source>before</source>
        <translation>vorher</translation>
    </message>
    <message>
        <source>after</source>
        <translation>nachher</translation>
    </message>
</context>
</TS>
